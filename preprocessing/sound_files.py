"""Audio files in blocks: hours of sound in the memory of seconds. The one decoder of all commands."""

from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import BinaryIO

import numpy as np

from foundation.workers import check_wanted
from preprocessing.decode import Heard, check_not_text, checked_stat, open_audio
from preprocessing.errors import DecodeError
from preprocessing.ffmpeg import ffmpeg_blocks, has_ffmpeg
from preprocessing.libsndfile import find_streams, full_mpeg_s, read_streams
from preprocessing.sound import BLOCK_FRAMES, Sound, checked_blocks


class FileSound(Sound):
    """An audio file of any format that soundfile or ffmpeg reads; the ending of its name does not matter.

    Streams that were put together into one file are heard one after the other, and a file cut short is heard as far as
    it goes. Of tracks side by side (.mkv, .mp4), the first is heard.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._heard, self._version = Heard(), (0, 0)
        self._warned: str | None = None

    def blocks(self) -> Iterator[tuple[np.ndarray, int]]:
        self._check_version()
        heard = Heard()
        file, head = open_audio(self.path)
        with file:
            for block in checked_blocks(self._decoded(file, head, heard)):
                check_wanted()
                yield block
        self._check_version()
        self._heard = heard

    @property
    def version(self) -> tuple[int, int]:
        """Bytes of the file, and when it was changed, in ns; zeros where it cannot be read, as decoding it says."""
        try:
            found = self.path.stat()
        except (OSError, ValueError):  # no such file, or no name that a file can have
            return 0, 0
        return found.st_size, found.st_mtime_ns

    def warn(self, warning: str) -> None:
        """Set the warning of a file that another process has gone through."""
        self._warned = warning

    @property
    def warning(self) -> str:
        """What of it was not heard, in one line; "" if all was, and before the first pass."""
        if self._warned is not None:
            return self._warned
        chosen = "" if self.channel is None else f"opposite channels: heard channel {self.channel + 1} alone"
        return "; ".join(text for text in (self._heard.warning, chosen) if text)

    def declared_s(self) -> float:
        """Length by the header, in seconds; 0 where it does not tell, or ffmpeg must read it."""
        file, head = open_audio(self.path)
        with file:
            first, _ = find_streams(file, head)
            if first is None:
                return 0.0
            with first:
                return first.declared_s

    def _decoded(self, file: BinaryIO, head: bytes, heard: Heard) -> Iterator[tuple[np.ndarray, int]]:
        first, parts = find_streams(file, head)
        if first is None:
            check_not_text(head)
            heard.full_s = 0.0 if parts[0].has_end else inf
            return ffmpeg_blocks(self.path, BLOCK_FRAMES, heard)
        if full_s := full_mpeg_s(file, first):
            if has_ffmpeg():
                first.close()
                return ffmpeg_blocks(self.path, BLOCK_FRAMES, heard)
            heard.full_s = full_s - first.readable_s
            heard.reasons.append("install ffmpeg to hear the rest")
        return read_streams(file, first, parts, BLOCK_FRAMES, heard)

    def _check_version(self) -> None:
        """A file that is still being written sounds different each time."""
        found = checked_stat(self.path)
        version = (found.st_size, found.st_mtime_ns)
        if self._version not in ((0, 0), version):
            raise DecodeError(
                "expected a finished file, received one that changed while it was read: try again"
            )
        self._version = version


def decode(path: Path | str) -> tuple[np.ndarray, int]:
    """Reads a whole audio file.

    Returns:
        Samples, shape (frames, channels), float32, full scale = 1.0; and the sample rate in Hz.

    Raises:
        DecodeError: missing, not a regular file, empty, text, an array, unreadable, without samples, NaN or infinite
            samples, samples of the scale of integers, an absurd rate; or it changes while it is read.
    """
    blocks, rates = zip(*FileSound(Path(path)).blocks(), strict=True)
    return np.concatenate(blocks), rates[0]
