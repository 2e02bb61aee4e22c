"""How much of a file has been read."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from foundation.text import shown
from preprocessing.sound_files import FileSound

DELAY_S = 1.0  # files that take less show nothing


class WatchedSound(FileSound):
    """A file that may show on a terminal how much of it has been read.

    Args:
        path: the file.
        has_bar: whether it shows that.
    """

    def __init__(self, path: Path, *, has_bar: bool = False) -> None:
        super().__init__(path)
        self._has_bar = has_bar

    def blocks(self) -> Iterator[tuple[np.ndarray, int]]:
        frames = 0
        with self._bar() as bar:
            for block, rate_hz in super().blocks():
                yield block, rate_hz
                frames += len(block)
                bar.update(frames // rate_hz - bar.n)

    def _bar(self) -> tqdm:
        is_hidden = None if self._has_bar else True  # None: hidden if stderr is not a terminal
        is_shown = self._has_bar and sys.stderr.isatty()
        total_s = (round(self.declared_s()) or None) if is_shown else None
        return tqdm(
            total=total_s,
            desc=shown(self.path.name, 40),
            unit="s",
            leave=False,
            disable=is_hidden,
            delay=DELAY_S,
        )
