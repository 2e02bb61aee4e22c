"""Audio files as soundfile opens them, and what is wrong with them."""

import codecs
import os
import struct
from pathlib import Path

import numpy as np
import soundfile as sf

from preprocessing.errors import DecodeError
from preprocessing.settings import RATE_LIMITS_HZ

PEAK_LIMIT = 1e6  # float files may exceed full scale (1.0), but nothing recorded exceeds it a million times
NPY_MAGIC, GZIP_MAGIC, HDF5_MAGIC = b"\x93NUMPY", b"\x1f\x8b", b"\x89HDF\r\n\x1a\n"
STREAMED_BYTES = 0x7FFF_0000  # programs that write WAV to a pipe put a size near 2 or 4 GiB into the header


class ForwardFile(sf.SoundFile):
    """A file that is only read on from where it is.

    soundfile seeks to the end of each block that it has read, and an MP3 sounds differently behind a seek.
    """

    def seekable(self) -> bool:
        return False


def open_soundfile(path: Path) -> ForwardFile | None:
    """The file as soundfile opens it; None: only ffmpeg may know the format.

    Raises:
        DecodeError: missing, empty, text, an array.
    """
    head = _head(path)
    if head.startswith((NPY_MAGIC, GZIP_MAGIC, HDF5_MAGIC)):
        raise DecodeError("expected audio, received an array: features need cleaning.features.name=stored")
    try:
        return ForwardFile(_soundfile_name(path))
    except (
        sf.LibsndfileError,
        TypeError,
    ) as error:  # TypeError: a name ending in .raw has no header to soundfile
        if _is_text(head):
            raise DecodeError(
                "expected audio, received a text file, whatever its name says: leave it out, or "
                "download the audio again"
            ) from error
        return None


def read_frames(file: ForwardFile, frames: int) -> np.ndarray:
    """The next frames, (frames, channels) float32, fewer at the end.

    Raises:
        DecodeError: broken inside.
    """
    try:
        return file.read(frames, dtype="float32", always_2d=True)
    except sf.LibsndfileError as error:
        raise DecodeError(f"expected intact audio, received a corrupt file: {_one_line(error)}") from error


def check_waveform(samples: np.ndarray, rate_hz: int) -> None:
    """Raises DecodeError when samples of shape (frames, channels) at `rate_hz` are not usable sound."""
    low, high = RATE_LIMITS_HZ
    if not low <= rate_hz <= high:
        raise DecodeError(f"expected a sample rate from {low} to {high} Hz, received {rate_hz}")
    if samples.ndim != 2:
        raise DecodeError(f"expected samples of shape (frames, channels), received shape {samples.shape}")
    if not samples.size:
        raise DecodeError("expected sound, received a file with zero samples")
    bad = np.count_nonzero(~(np.abs(samples) <= PEAK_LIMIT))
    if bad:
        raise DecodeError(
            f"expected finite samples, received {bad} of {samples.size} that are NaN or not sound"
        )


def truncation(path: Path | str, frames: int, rate_hz: int) -> str:
    """What a decoded file lacks of what its header promises: "truncated: 0.624 of 1.000 s", or "".

    WAV: by the sizes of the data chunk and of the file. Other formats: by the frame count that libsndfile
    tells, with 0.1 s of grace, as for MP3 it may be an estimate.
    """
    seconds = frames / rate_hz
    promised, present = _wav_data_bytes(Path(path))
    if promised > present > 0:
        full_s = seconds * promised / present
    else:
        full_s = seconds if promised else _declared_s(Path(path), seconds)
    return f"truncated: {seconds:.3f} of {full_s:.3f} s" if full_s > seconds else ""


def _head(path: Path) -> bytes:
    if path.is_dir():
        raise DecodeError("expected a file, received a folder")
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except FileNotFoundError as error:
        hint = ": no file has a name of this pattern" if set("*?") & set(str(path)) else ""
        raise DecodeError(f"expected an audio file, {path.name!r} does not exist{hint}") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise DecodeError(f"expected a readable file: {getattr(error, 'strerror', error)}") from error
    if not head:
        raise DecodeError("expected audio, received an empty file (0 bytes)")
    return head


def _soundfile_name(path: Path) -> str | bytes:
    """Bytes, as soundfile refuses a str with bytes that are no UTF-8; only on Windows it takes any str."""
    return str(path) if os.name == "nt" else os.fsencode(path)


def _is_text(head: bytes) -> bool:
    """ffmpeg must not see text: it would take a playlist for audio and open what it names."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(
            head
        )  # not final: the last character may be cut
    except UnicodeDecodeError:
        return False
    return all(character >= " " or character in "\t\n\r\f\x1b" for character in text)


def _wav_data_bytes(path: Path) -> tuple[int, int]:
    """Bytes of samples (promised by the header, present in the file); (0, 0) if it is not a plain RIFF WAV."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(4) != b"RIFF" or file.seek(8) != 8 or file.read(4) != b"WAVE":
            return 0, 0
        while len(chunk := file.read(8)) == 8:
            name, length = struct.unpack("<4sI", chunk)
            if name == b"data":
                return (0, 0) if length >= STREAMED_BYTES else (length, size - file.tell())
            file.seek(length + length % 2, 1)
    return 0, 0


def _declared_s(path: Path, seconds: float) -> float:
    try:
        info = sf.info(_soundfile_name(path))
    except (sf.LibsndfileError, TypeError):  # decoded by ffmpeg, which does not tell
        return seconds
    declared = info.frames / info.samplerate
    return declared if declared > seconds + 0.1 else seconds


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
