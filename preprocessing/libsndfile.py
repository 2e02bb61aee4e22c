"""Audio files as libsndfile reads them: all streams of a file, one after the other, and what is missing of them."""

import io
import os
from collections.abc import Iterator
from math import inf
from typing import BinaryIO

import numpy as np
import soundfile as sf

from foundation.workers import check_wanted
from preprocessing.decode import GRACE_S, Heard
from preprocessing.errors import DecodeError
from preprocessing.mpeg import mpeg_seconds, told_end
from preprocessing.parts import Part, PartView, find_parts

_MPEG = "MP3"  # soundfile's name for all layers
_UNKNOWN_FRAMES = 2**62  # libsndfile has a greater number for a length that the header does not tell
_TAG_BYTES = 1024  # behind a stream may be some
_RIFF = ("WAV", "WAVEX")
_PCM16_STEP = np.float32(2**-15)  # full scale is 1.0
_MPEG_GRACE_S = 0.5  # encoders add some frames that are not sound
_BLOCK_SAMPLES = 2**20  # of all channels together


class ForwardFile(sf.SoundFile):
    """A part of a file that is only read on from where it is.

    soundfile seeks to the end of each block that it has read, and an MP3 sounds differently behind a seek.
    """

    def __init__(self, file: BinaryIO, part: Part) -> None:
        self._view, self.breaks_off = PartView(file, part), False
        self._number = _own_number(file) if part.is_whole(os.fstat(file.fileno()).st_size) else None
        super().__init__(self._view if self._number is None else self._number)
        self._header = io.BufferedReader(PartView(file, part))

    def seekable(self) -> bool:
        return False

    @property
    def declared_s(self) -> float:
        """Length by the header; 0 where it does not tell."""
        is_guess = self.format == _MPEG and told_end(self._header) is None
        return 0.0 if is_guess else self.readable_s

    @property
    def readable_s(self) -> float:
        """Up to where libsndfile would read; 0: to the end, wherever that is."""
        return self.frames / self.samplerate if self.frames < _UNKNOWN_FRAMES else 0.0

    def blocks_to_end(self, frames: int) -> Iterator[np.ndarray]:
        """Blocks of up to `frames`, (n, channels) float32, as far as the file goes.

        Raises:
            DecodeError: broken inside.
        """
        frames = max(min(frames, _BLOCK_SAMPLES // self.channels), 1)
        if self.format in _RIFF and self.subtype == "PCM_16":
            yield from self._pcm16_blocks(frames)
            return
        done, nothing = 0, np.full((frames, self.channels), np.nan, np.float32)
        try:
            while len(block := self.read(out=(filled := nothing.copy()))):
                done += len(block)
                yield block
        except sf.LibsndfileError as error:
            end = np.count_nonzero(~np.isnan(filled[:, 0]))  # so much of the block was read
            self.breaks_off = done + end < self.frames  # else the error is about what follows the sound
            if self.breaks_off and not self._is_read():
                reason = " ".join(str(error).split())[:200]
                raise DecodeError(f"expected intact audio, received a corrupt file: {reason}") from error
            yield filled[:end]

    def _is_read(self) -> bool:
        """Whether libsndfile has had all bytes."""
        return self._view.is_read() if self._number is None else not os.read(self._number, 1)

    def _pcm16_blocks(self, frames: int) -> Iterator[np.ndarray]:
        """The same of samples that need no decoder: libsndfile reads a block at once, which it does not for floats."""
        stored = np.empty((frames, self.channels), np.int16)
        while len(block := self.read(out=stored)):
            yield block * _PCM16_STEP


def _own_number(file: BinaryIO) -> int | None:
    """A descriptor of the same file with a position of its own; None: not to be had.

    libsndfile reads from it without calling Python, so that threads do not wait for each other.
    """
    if os.name != "posix":  # elsewhere libsndfile may have another C library, with other descriptors
        return None
    try:  # a named pipe in its place would block, were it not for O_NONBLOCK
        number = os.open(file.name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # the file was removed, or no more descriptors are to be had
        return None
    if os.path.samestat(os.fstat(number), os.fstat(file.fileno())):
        return number
    os.close(number)  # the file was replaced
    return None


def find_streams(file: BinaryIO, head: bytes) -> tuple[ForwardFile | None, list[Part]]:
    """The first stream of a file that begins with `head`, open, and where all of them are; None: not for libsndfile."""
    parts = find_parts(file, head, os.fstat(file.fileno()).st_size)
    return _opened(file, parts[0]), parts


def full_mpeg_s(file: BinaryIO, first: ForwardFile) -> float:
    """Length of an MPEG file that libsndfile would not read to its end: it trusts a header, or guesses; else 0."""
    if first.format != _MPEG or not first.readable_s:
        return 0.0
    if os.fstat(file.fileno()).st_size <= (told_end(file) or 0) + _TAG_BYTES:
        return 0.0
    seconds = mpeg_seconds(file)
    return seconds if seconds > first.readable_s + _MPEG_GRACE_S else 0.0


def read_streams(
    file: BinaryIO, first: ForwardFile, parts: list[Part], frames: int, heard: Heard
) -> Iterator[tuple[np.ndarray, int]]:
    """(block of up to `frames`, (n, channels) float32, rate in Hz) of all streams that are like the first one.

    Args:
        file, first, parts: see `find_streams`; `first` is closed.
        frames: of a block, at most.
        heard: is told what there is, and what of it was read.

    Raises:
        DecodeError: broken inside.
    """
    heard.rate_hz, channels = first.samplerate, first.channels
    for number, part in enumerate(parts, 1):
        name = f"part {number} of {len(parts)}"
        check_wanted()
        stream = first if number == 1 else _opened(file, part)
        if stream is None:
            heard.reasons.append(f"{name} cannot be read")
            continue
        with stream:
            if (stream.samplerate, stream.channels) != (heard.rate_hz, channels):
                heard.full_s += stream.declared_s
                heard.reasons.append(f"{name} has another rate or other channels")
                continue
            before = heard.frames
            for block in stream.blocks_to_end(frames):
                heard.frames += len(block)
                yield block, heard.rate_hz
            _finish(heard, stream, part, (heard.frames - before) / heard.rate_hz)


def _finish(heard: Heard, stream: ForwardFile, part: Part, seconds: float) -> None:
    """Note what a stream lacks of which so many seconds were read."""
    full_s = seconds / part.share if part.share < 1 else max(seconds, stream.declared_s)
    is_cut = stream.breaks_off or part.share < 1 or full_s > seconds + GRACE_S
    heard.full_s += full_s if is_cut else seconds
    if is_cut:
        heard.reasons.append("truncated")
    elif part.size_at or not part.has_end:
        heard.full_s = inf
        heard.reasons.append("truncated, never finalised" if part.size_at else "truncated")


def _opened(file: BinaryIO, part: Part) -> ForwardFile | None:
    try:
        return ForwardFile(file, part)
    except sf.LibsndfileError:
        return None
