"""How much of a file has been read."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from tqdm import tqdm

from preprocessing.decode import open_soundfile, truncation
from preprocessing.stream import FileSound

DELAY_S = 1.0  # files that take less show nothing


@dataclass(frozen=True)
class WatchedSound(FileSound):
    """A file that knows how much of it was there, and may show on a terminal how much has been read.

    Attributes:
        has_bar: whether it shows that.
        passes: (frames, rate in Hz) of each time that it was read to its end.
    """

    has_bar: bool = False
    passes: list[tuple[int, int]] = field(default_factory=list)

    def blocks(self) -> Iterator[tuple[np.ndarray, int]]:
        frames = 0
        with self._bar() as bar:
            for block, rate_hz in super().blocks():
                yield block, rate_hz
                frames += len(block)
                bar.update(frames // rate_hz - bar.n)
        self.passes.append((frames, rate_hz))

    @property
    def fault(self) -> str:
        """What the file lacks of what its header promises, or ""; known when it has been read."""
        missing = truncation(self.path, *self.passes[-1]) if self.passes else ""
        return missing and f"{missing}, tagged up to there"

    def _bar(self) -> tqdm:
        is_hidden = None if self.has_bar else True  # None: hidden if stderr is not a terminal
        total_s = self._seconds() if self.has_bar and sys.stderr.isatty() else None
        return tqdm(
            total=total_s, desc=self.path.name, unit="s", leave=False, disable=is_hidden, delay=DELAY_S
        )

    def _seconds(self) -> int | None:
        """Length, where the header tells it."""
        file = open_soundfile(self.path)
        if file is None:
            return None
        with file:
            return round(file.frames / file.samplerate)
