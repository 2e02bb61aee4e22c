"""Uploads as sounds: no longer than allowed."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from preprocessing.errors import DecodeError
from preprocessing.sound_files import FileSound


class TooLongError(DecodeError):
    """More sound than allowed."""


class BoundedSound(FileSound):
    """A file that is read up to a length, whatever its header says: a small file may hold hours.

    Args:
        path: the file.
        most_s: seconds of sound.
    """

    def __init__(self, path: Path, most_s: float) -> None:
        super().__init__(path)
        self._most_s = most_s

    def blocks(self) -> Iterator[tuple[np.ndarray, int]]:
        """Raises TooLongError in addition to what other files raise."""
        frames = 0
        for block, rate_hz in super().blocks():
            frames += len(block)
            if frames > self._most_s * rate_hz:
                raise TooLongError(f"expected at most {self._most_s:g} s of audio, received more")
            yield block, rate_hz
