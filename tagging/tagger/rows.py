"""Rows of a timeline: the stretches of sound that have scores of their own, and the windows that networks see."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from numbers import Integral, Real
from typing import NamedTuple, Protocol

import numpy as np

from models.registry import column_frames
from models.settings import ModelError
from tagging.inference.errors import TaggerError
from tagging.inference.levels import level_db
from tagging.inference.presence import ROUNDING_S
from tagging.pipeline.pieces import AudioWindows, audio_windows
from tagging.pipeline.settings import WindowSettings
from tagging.runs.run import Run
from tagging.tagger.windows import levels_db

LONGEST_S = 600.0  # of windows that no run was trained on: a network takes memory by their length
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

    Windows follow each other such that rows do; a margin of silence around the sound lets the first and last row lie
    as far from the ends of their window as the others.

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


def rows_of(
    runs: Sequence[Run], window_s: float | None = None, hop_s: float | None = None, columns: int | None = None
) -> Rows:
    """The rows of a timeline; arguments as in `Tagger.timeline`.

    Raises:
        TaggerError: runs on features, or at several rates; seconds or columns that are none, too many, or not as the
            networks have them.
    """
    rate_hz = _common_rate(runs)
    check_seconds(window_s=window_s, hop_s=hop_s)
    if columns is not None and window_s is not None:
        raise TaggerError("expected window_s or columns, received both: each sets the length of the rows")
    if columns is None and window_s is None:
        columns = runs[0].columns
    if columns is not None:
        return _column_rows(runs, rate_hz, columns, hop_s)
    return WindowRows(audio_windows(_over_time(runs[0].config.window, window_s, hop_s), rate_hz))


def check_seconds(**values: float | None) -> None:
    """Raises TaggerError for what is not a length of time above 0; None: it is not given."""
    for name, value in values.items():
        if value is not None and not (isinstance(value, Real) and 0 < value < inf):
            raise TaggerError(f"expected {name} above 0, in seconds, received {value!r}")


def _common_rate(runs: Sequence[Run]) -> int:
    for run in runs:
        if run.config.cleaning.features.name is not None:
            raise TaggerError(
                f"expected a run on waveforms for a timeline, {run.path} takes features of whole clips "
                f"(cleaning.features.name={run.config.cleaning.features.name}): tag whole clips instead"
            )
    if len(rates := {run.config.cleaning.rate_hz for run in runs}) > 1:
        raise TaggerError(f"expected runs of one rate for a timeline, received {sorted(rates)} Hz")
    return rates.pop()


def _column_rows(runs: Sequence[Run], rate_hz: int, columns: int, hop_s: float | None) -> ColumnRows:
    try:
        sizes = {column_frames(run.config.model) * run.config.frontend.hop for run in runs}
    except ModelError as error:
        raise TaggerError(f"{error}; set window_s in place of columns") from error
    if len(sizes) > 1:
        raise TaggerError("expected runs with columns of one length, received several; set window_s")
    column = sizes.pop()
    column_s = column / rate_hz
    most = int(LONGEST_S / column_s)
    if not (isinstance(columns, Integral) and 0 < columns <= most):
        raise TaggerError(f"expected 1 to {most} columns, received {columns}")
    step = 1 if hop_s is None else round(hop_s / column_s)
    if hop_s is not None and (step == 0 or abs(step * column_s - hop_s) > ROUNDING_S):
        raise TaggerError(
            f"expected hop_s as a multiple of {column_s:g} s, a column of the network, received {hop_s:g}; set "
            "window_s for windows at other distances"
        )
    return ColumnRows(column, columns, step)


def _over_time(settings: WindowSettings, window_s: float | None, hop_s: float | None) -> WindowSettings:
    window = settings.window_s if window_s is None else window_s
    if window > (longest := max(settings.window_s, LONGEST_S)):
        raise TaggerError(f"expected window_s of at most {longest:g}, received {window_s}: give less")
    hop = settings.hop_s * window / settings.window_s if hop_s is None else hop_s
    try:
        return replace(settings, window_s=window, hop_s=hop, only_first=False)
    except ValueError as error:
        raise TaggerError(str(error)) from error
