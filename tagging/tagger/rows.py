"""Rows of a timeline: the stretches of sound that have scores of their own, and the windows that networks see."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from tagging.inference.levels import level_db
from tagging.pipeline.pieces import AudioWindows
from tagging.tagger.windows import levels_db

CONTEXT = 16  # columns that a network sees at once, where that is enough
MARGIN = 1  # columns at both ends of it that belong to no row


class Placed(NamedTuple):
    """The rows of a batch of windows.

    Attributes:
        spans: (rows, 2) first sample and last + 1.
        levels_db: (rows,) RMS in dB of full scale.
        kept: which outputs of the network, in their order, are these rows; bool.
    """

    spans: np.ndarray
    levels_db: np.ndarray
    kept: np.ndarray


class Rows(Protocol):
    """How a sound becomes rows.

    Attributes:
        pieces: what a network sees at once.
        margin: samples of silence that `pieces` needs before and behind the sound.
        length, hop: of the rows, in samples.
    """

    @property
    def pieces(self) -> AudioWindows: ...

    @property
    def margin(self) -> int: ...

    @property
    def length(self) -> int: ...

    @property
    def hop(self) -> int: ...

    def place(self, spans: np.ndarray, samples: np.ndarray) -> Placed:
        """Where the rows of (windows, 2) spans and (windows, length) int16 samples are."""


@dataclass(frozen=True)
class WindowRows:
    """Each window is a row."""

    pieces: AudioWindows
    margin = 0

    @property
    def length(self) -> int:
        return self.pieces.length

    @property
    def hop(self) -> int:
        return self.pieces.hop

    def place(self, spans: np.ndarray, samples: np.ndarray) -> Placed:
        return Placed(spans, levels_db(spans, samples), np.ones(len(spans), bool))


@dataclass(frozen=True)
class ColumnRows:
    """A row is the mean of some of the network's columns, so that a window has several.

    The rows of one window continue those of the window before it. With a margin of silence around the sound, the
    first and the last row are as far from the ends of their window as the others.

    Attributes:
        column: samples of each column.
        width: columns of a row.
        step: columns from row to row.
    """

    column: int
    width: int
    step: int = 1

    @property
    def count(self) -> int:
        """Rows of a window."""
        return 1 + max(0, CONTEXT - 2 * MARGIN - self.width) // self.step

    @property
    def margin(self) -> int:
        return MARGIN * self.column

    @property
    def length(self) -> int:
        return self.width * self.column

    @property
    def hop(self) -> int:
        return self.step * self.column

    @property
    def pieces(self) -> AudioWindows:
        return AudioWindows(
            self.length + (self.count - 1) * self.hop + 2 * self.margin, self.count * self.hop
        )

    def place(self, spans: np.ndarray, samples: np.ndarray) -> Placed:
        """Where the rows are.

        The last window may have rows of the one before it, which are left out. Of a sound that is shorter than a
        window, rows of its repetition are left out, and the last row ends with the sound.
        """
        window_hop = self.count * self.hop
        starts = spans[:, :1] + self.hop * np.arange(self.count)
        ends, sound_ends = starts + self.length, spans[:, 1:] - 2 * self.margin
        last_before = -(-spans[:, :1] // window_hop) * window_hop - self.hop
        kept = (starts > last_before) & (ends <= sound_ends)
        if spans[0, 1] - spans[0, 0] < samples.shape[1]:
            kept[0, 0] = True
            ends[0, np.flatnonzero(kept[0])[-1]] = sound_ends[0, 0]
        windows, numbers = np.nonzero(kept)
        placed, offsets = np.stack([starts[kept], ends[kept]], axis=1), self.margin + self.hop * numbers
        rows = zip(windows, offsets, np.diff(placed).ravel(), strict=True)
        levels = [level_db(samples[window, first : first + length]) for window, first, length in rows]
        return Placed(placed, np.array(levels), kept.ravel())
