"""What soundfile cannot read, through a pipe from ffmpeg: block by block, never the whole file."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from preprocessing.errors import DecodeError

UNREADABLE = "expected audio, neither soundfile nor ffmpeg can read it: leave it out, or export it again"
# Containers that hold their sound themselves: a playlist or a list of files would make ffmpeg open what it names.
_CONTAINERS = (
    "aac,ac3,adx,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dsf,dts,dtshd,dv,eac3,flac,flv,gxf,iff,ircam,ivf,loas,matroska,"
    "mlp,mmf,mov,mp3,mpc,mpc8,mpeg,mpegts,mxf,nistsphere,nut,ogg,oma,paf,pvf,qcp,rm,sbc,shn,sox,tak,truehd,tta,voc,vqf,w64,"
    "wav,webm,wtv,wv,wve,xa,xwma"
)
_QUIET = ("-v", "error", "-protocol_whitelist", "file,pipe", "-format_whitelist", _CONTAINERS)


def ffmpeg_blocks(path: Path, block_frames: int) -> Iterator[tuple[np.ndarray, int]]:
    """(block (frames, channels) float32, rate in Hz) of the first audio stream of a file.

    Raises:
        DecodeError: no ffmpeg is installed, or it cannot read the file.
    """
    check_ffmpeg()
    rate_hz, channels = _probe(path)
    with _decoder(path) as pipe:
        while data := pipe.read(4 * channels * block_frames):
            samples = np.frombuffer(data, "<f4", len(data) // (4 * channels) * channels)
            yield samples.reshape(-1, channels), rate_hz


def _probe(path: Path) -> tuple[int, int]:
    """Rate in Hz and number of channels."""
    shown = ("-select_streams", "a:0", "-show_entries", "stream=sample_rate,channels", "-of", "json")
    command = ["ffprobe", *_QUIET, *shown, str(path.absolute())]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
    try:
        stream = json.loads(done.stdout)["streams"][0]
        return int(stream["sample_rate"]), int(stream["channels"])
    except (ValueError, KeyError, IndexError) as error:
        raise DecodeError(UNREADABLE) from error


@contextmanager
def _decoder(path: Path) -> Iterator[IO[bytes]]:
    """The samples as raw float32; ffmpeg ends with the block, however that ends."""
    command = ["ffmpeg", "-nostdin", *_QUIET, "-i", str(path.absolute()), "-map", "0:a:0", "-f", "f32le", "-"]
    nothing = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=nothing, stdout=subprocess.PIPE, stderr=nothing) as process:  # noqa: S603
        assert process.stdout is not None  # noqa: S101  for the type checker
        try:
            yield process.stdout
            if process.wait():
                raise DecodeError(UNREADABLE)
        finally:
            process.kill()


def check_ffmpeg() -> None:
    """Raises DecodeError where ffmpeg is not installed."""
    if not (shutil.which("ffmpeg") and shutil.which("ffprobe")):
        raise DecodeError(
            "expected a format that soundfile reads, or ffmpeg for others: "
            "install ffmpeg (with ffprobe), or convert the file to WAV or FLAC"
        )
