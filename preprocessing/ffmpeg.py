"""What soundfile cannot read, through a pipe from ffmpeg: block by block, never the whole file."""

import json
import select
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from foundation.workers import check_wanted
from preprocessing.decode import GRACE_S, Heard
from preprocessing.errors import DecodeError

UNREADABLE = "expected audio, neither soundfile nor ffmpeg can read it: leave it out, or export it again"
# Containers that hold their sound themselves: a playlist or a list of files would make ffmpeg open what it names.
_CONTAINERS = (
    "aac,ac3,adx,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dsf,dts,dtshd,dv,eac3,flac,flv,gxf,iff,ircam,ivf,loas,matroska,"
    "mlp,mmf,mov,mp3,mpc,mpc8,mpeg,mpegts,mxf,nistsphere,nut,ogg,oma,paf,pvf,qcp,rm,sbc,shn,sox,tak,truehd,tta,voc,vqf,w64,"
    "wav,webm,wtv,wv,wve,xa,xwma"
)
_ENTRIES = "stream=duration:format=format_name,nb_streams,duration"
_SHOWN = ("-select_streams", "a", "-show_entries", _ENTRIES, "-of", "json")
_OUTPUT = ("-map", "0:a:0", "-c:a", "pcm_f32be", "-f", "au", "-")
_POLL_S = 0.5  # how often it is asked whether the sound is still wanted
_QUIET = ("-v", "error", "-protocol_whitelist", "file,pipe", "-format_whitelist", _CONTAINERS)


def ffmpeg_blocks(path: Path, block_frames: int, heard: Heard) -> Iterator[tuple[np.ndarray, int]]:
    """(block (frames, channels) float32, rate in Hz) of the first audio stream of a file.

    Args:
        path: the file.
        block_frames: frames of a block, at most.
        heard: is told what there is, and what of it was read.

    Raises:
        DecodeError: no ffmpeg is installed, or it cannot read the file.
    """
    check_ffmpeg()
    heard.full_s = max(heard.full_s, _probe(path, heard))
    with _decoder(path) as pipe:
        heard.rate_hz, channels = _read_header(pipe)
        while data := _read(pipe, 4 * channels * block_frames):
            samples = np.frombuffer(data, ">f4", len(data) // (4 * channels) * channels).astype(np.float32)
            heard.frames += len(samples) // channels
            yield samples.reshape(-1, channels), heard.rate_hz
    if heard.full_s > heard.frames / heard.rate_hz + GRACE_S:
        heard.reasons.append("truncated")
    else:
        heard.full_s = 0.0


def _probe(path: Path, heard: Heard) -> float:
    """Length of the first audio stream by the header, in seconds; 0 where that does not tell."""
    command = ["ffprobe", *_QUIET, *_SHOWN, str(path.absolute())]
    try:
        found = json.loads(_output_of(command))
        seconds = _declared_s(found["streams"][0], found["format"])
    except (ValueError, KeyError, IndexError) as error:
        raise DecodeError(UNREADABLE) from error
    if (count := len(found["streams"])) > 1:
        heard.reasons.append(f"heard audio stream 1 of {count}")
    return seconds


def _output_of(command: list[str]) -> bytes:
    """What a program prints; it is killed where nobody waits for it any more."""
    nothing, pipe = subprocess.DEVNULL, subprocess.PIPE
    with subprocess.Popen(command, stdin=nothing, stdout=pipe, stderr=nothing) as process:  # noqa: S603
        try:
            while True:
                try:
                    return process.communicate(timeout=_POLL_S)[0]
                except subprocess.TimeoutExpired:
                    check_wanted()
        finally:
            process.kill()


def _read(pipe: IO[bytes], size: int) -> bytes:
    """So many bytes, or what there is until the end; a program that hangs does not keep an unwanted thread."""
    data = bytearray()
    while len(data) < size:
        while not _has_data(pipe):
            check_wanted()
        if not (part := pipe.read(size - len(data))):
            break
        data += part
    return bytes(data)


def _has_data(pipe: IO[bytes]) -> bool:
    """Whether there is something to read, or the end; Windows, where pipes cannot be asked, waits for it."""
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return bool(poll.poll(1000 * _POLL_S))


def _read_header(pipe: IO[bytes]) -> tuple[int, int]:
    """Rate in Hz and number of channels of what ffmpeg decodes, which is not always what a file's header says."""
    header = _read(pipe, 24)
    if len(header) < 24:
        raise DecodeError(UNREADABLE)
    _, start, _, _, rate_hz, channels = struct.unpack(">4s5I", header)
    _read(pipe, start - len(header))
    return rate_hz, channels


def _declared_s(stream: dict, container: dict) -> float:
    """Length by the header, of containers that have one; 0 of others, for which ffprobe guesses."""
    if container["format_name"].startswith("mov"):
        return float(stream["duration"])
    is_alone = container["format_name"].startswith("matroska") and container["nb_streams"] == 1
    return float(container["duration"]) if is_alone and "duration" in container else 0.0


@contextmanager
def _decoder(path: Path) -> Iterator[IO[bytes]]:
    """An AU file of big-endian float32; ffmpeg ends with the block, however that ends."""
    command = ["ffmpeg", "-nostdin", *_QUIET, "-i", str(path.absolute()), *_OUTPUT]
    nothing = subprocess.DEVNULL
    with subprocess.Popen(  # noqa: S603
        command, bufsize=0, stdin=nothing, stdout=subprocess.PIPE, stderr=nothing
    ) as process:
        assert process.stdout is not None  # noqa: S101  for the type checker
        try:
            yield process.stdout
            if process.wait():
                raise DecodeError(UNREADABLE)
        finally:
            process.kill()


def has_ffmpeg() -> bool:
    """Whether it is installed, with ffprobe."""
    return bool(shutil.which("ffmpeg") and shutil.which("ffprobe"))


def check_ffmpeg() -> None:
    """Raises DecodeError where ffmpeg is not installed."""
    if not has_ffmpeg():
        raise DecodeError(
            "expected a format that soundfile reads, or ffmpeg for others: "
            "install ffmpeg (with ffprobe), or convert the file to WAV or FLAC"
        )
