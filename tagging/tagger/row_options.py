"""The rows that a timeline is asked for: windows of some seconds, or means of some columns."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from numbers import Integral, Real

from models.registry import column_frames
from models.settings import ModelError
from tagging.inference.errors import TaggerError
from tagging.inference.presence import ROUNDING_S
from tagging.pipeline.pieces import audio_windows
from tagging.pipeline.settings import WindowSettings
from tagging.runs.run import Run
from tagging.tagger.rows import ColumnRows, Rows, WindowRows

LONGEST_S = 600.0  # of windows that no run was trained on: a network takes memory by their length


def rows_of(
    runs: Sequence[Run], window_s: float | None = None, hop_s: float | None = None, columns: int | None = None
) -> Rows:
    """The rows of a timeline; arguments as in `Tagger.timeline`.

    Raises:
        TaggerError: runs on features, or at several rates; seconds or columns that are not above 0, too many, or not
            available in these networks.
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
