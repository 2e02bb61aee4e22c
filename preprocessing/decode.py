"""What may be decoded: what a file must be before it is opened, and its samples after."""

import codecs
import os
import stat
from dataclasses import dataclass, field
from math import inf
from numbers import Real
from pathlib import Path
from typing import BinaryIO

import numpy as np

from foundation.words import listed
from preprocessing.errors import DecodeError, NoSoundError
from preprocessing.settings import RATE_LIMITS_HZ

INTEGER_PEAK = (
    100.0  # no float samples of full scale 1.0 reach it, and integers do unless they are next to silent
)
INTEGER_LIMIT = 2**32  # beyond, it is not sound
PEAK_LIMIT = 1e6  # float files may exceed full scale (1.0), but nothing recorded exceeds it a million times
NPY_MAGIC, GZIP_MAGIC, HDF5_MAGIC = b"\x93NUMPY", b"\x1f\x8b", b"\x89HDF\r\n\x1a\n"
GRACE_S = 0.1  # the length that a header tells may be an estimate
_HEAD_BYTES = 4096
_KINDS = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"))


@dataclass
class Heard:
    """How much of a file has been heard.

    Attributes:
        frames, rate_hz: so far.
        full_s: seconds that there are, as far as is known; infinite: more than was heard.
        reasons: why less was heard, or what else is to be known.
    """

    frames: int = 0
    rate_hz: int = 1
    full_s: float = 0.0
    reasons: list[str] = field(default_factory=list)

    @property
    def warning(self) -> str:
        """One line, or "" where all was heard."""
        heard_s = self.frames / self.rate_hz
        reasons = listed(self.reasons)
        if self.full_s <= heard_s + 1e-6:  # full_s may be a sum
            return reasons
        of = "" if self.full_s == inf else f" of {self.full_s:.3f}"
        return f"heard {heard_s:.3f}{of} s: {reasons}"


def checked_stat(path: Path) -> os.stat_result:
    """The status of a regular file. Nothing else may be opened: a named pipe would block for ever.

    Raises:
        DecodeError: missing, or not a regular file.
    """
    try:
        found = path.stat()
    except FileNotFoundError as error:
        hint = ": no file has a name of this pattern" if set("*?") & set(str(path)) else ""
        raise DecodeError(f"expected a file, {path.name!r} does not exist{hint}") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise DecodeError(f"expected a readable file: {getattr(error, 'strerror', error)}") from error
    if not stat.S_ISREG(found.st_mode):
        kind = next((name for is_kind, name in _KINDS if is_kind(found.st_mode)), "a device")
        raise DecodeError(f"expected a file, received {kind}")
    return found


def open_audio(path: Path) -> tuple[BinaryIO, bytes]:
    """A file that may be audio, open, and its first bytes.

    Raises:
        DecodeError: missing, not a regular file, empty, or an array.
    """
    checked_stat(path)
    try:
        file = path.open("rb")
        head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise DecodeError(f"expected a readable file: {error.strerror}") from error
    if head and not head.startswith((NPY_MAGIC, GZIP_MAGIC, HDF5_MAGIC)):
        return file, head
    file.close()
    if not head:
        raise NoSoundError("expected audio, received an empty file (0 bytes)")
    raise DecodeError("expected audio, received an array: features need cleaning.features.name=stored")


def check_not_text(head: bytes) -> None:
    """Raises DecodeError for text, which ffmpeg must not see: it would open what a playlist names."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(
            head
        )  # not final: the last character may be cut
    except UnicodeDecodeError:
        return
    if all(character >= " " or character in "\t\n\r\f\x1b" for character in text):
        raise DecodeError("expected audio, received a text file: leave it out, or download the audio again")


def check_rate(rate_hz: int) -> None:
    """Raises DecodeError for a rate that no sound has."""
    low, high = RATE_LIMITS_HZ
    if not (isinstance(rate_hz, Real) and low <= rate_hz <= high):
        raise DecodeError(f"expected a sample rate from {low} to {high} Hz, received {rate_hz!r}")


def check_waveform(samples: np.ndarray, rate_hz: int) -> None:
    """Raises DecodeError unless samples (frames, channels) at `rate_hz` are sound, float of full scale 1.0."""
    check_rate(rate_hz)
    if samples.ndim != 2:
        raise DecodeError(f"expected samples of shape (frames, channels), received shape {samples.shape}")
    if not samples.size:
        raise NoSoundError("expected sound, received zero samples")
    found = peak(samples)
    if INTEGER_PEAK < found <= INTEGER_LIMIT:
        raise DecodeError(
            f"expected float samples of full scale 1.0, received a peak of {found:g}: divide integers by their full "
            "scale (16 bits: 32768), or give int16"
        )
    if not found <= PEAK_LIMIT:
        bad = np.count_nonzero(~(np.abs(samples) <= PEAK_LIMIT))
        raise DecodeError(
            f"expected finite samples, received {bad} of {samples.size} that are NaN or not sound"
        )


def peak(samples: np.ndarray) -> float:
    """The largest magnitude, 0 of no samples; NaN if any sample is."""
    return float(np.maximum(samples.max(initial=0.0), -samples.min(initial=0.0)))
