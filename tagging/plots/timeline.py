"""A file over time: its log-mel above its tags."""

import math
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from preprocessing.sound import Sound
from preprocessing.stream import PcmStream
from tagging.evaluation.task_kinds import KINDS
from tagging.inference.results import Segment, Timeline, clock
from tagging.plots.spectrogram import N_MELS, TOP_DB, band_of, log_mel_overview
from tagging.plots.style import write_figure

CLASSES = 12  # rows of the heat map, at most
COLUMNS = 800  # over time, at most: the plot has a dot for each, so that none is lost
_ROW_INCHES = 0.26
_TICKS_S = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800, 3600, 7200, 14400),
)
_MOST_TICKS = 12
_TICKS_HZ = (125, 250, 500, 1000, 2000, 4000, 8000, 16000)
_LOWEST_TICK = 1 / 40  # of the highest frequency: below, ticks are too close


def draw_timeline(
    timeline: Timeline,
    segments: Sequence[Segment] | None,
    seen: Sound | np.ndarray,
    rate_hz: int,
    path: Path,
    title: str,
) -> None:
    """Log-mel (or the features) of a file above a heat map of the classes with the highest scores.

    Single-label runs with segments also get the class over time, in the same order of rows; regression runs get the
    values over time, not a heat map.

    Args:
        timeline, segments: of the file; of regression there are no segments.
        seen: the file, which is read once more, or features of consecutive clips (clips, steps, bands).
        rate_hz: of sound, the plot shows frequencies below half of it, as does the network's input.
        path: the PNG to write.
        title: names the file.
    """
    ranked, likely = ranked_classes(timeline), {segment.label for segment in segments or ()}
    rows, labels = ranked[:CLASSES], [name for row in ranked if (name := timeline.names[row]) in likely]
    kind = KINDS[timeline.task]
    has_classes = kind.is_single_label and bool(labels)
    heights = [2.2, max(1.2, _ROW_INCHES * len(rows)), max(0.8, _ROW_INCHES * len(labels))][: 2 + has_classes]
    figure = Figure((11, 1.6 + sum(heights)), layout="constrained")
    panels = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    if isinstance(seen, np.ndarray):
        _draw_features(panels[0], seen, timeline.seconds)
    else:
        _draw_log_mel(panels[0], seen, rate_hz)
    if kind.has_labels:
        _draw_heat(panels[1], timeline, rows)
    else:
        _draw_values(panels[1], timeline)
    if has_classes:
        _draw_classes(panels[2], segments or (), labels)
    time_axis(panels[-1], timeline.seconds)
    figure.suptitle(title, parse_math=False, fontsize=11)
    with warnings.catch_warnings():  # letters that the font lacks are drawn as boxes
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        write_figure(figure, path)


def heat_columns(timeline: Timeline, rows: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Scores of some classes over time: (columns + 1,) edges in seconds, and (rows, columns).

    A column is a window; where there are more than COLUMNS, it is the highest score of neighbouring ones, so that a
    short sound is seen in hours, too.
    """
    starts = _column_starts(len(timeline.scores))
    scores = np.maximum.reduceat(timeline.scores[:, list(rows)], starts)
    return np.append(timeline.edges_s[starts], timeline.seconds), scores.T


def _column_starts(n_windows: int) -> np.ndarray:
    """The first window of each column."""
    return np.unique(np.linspace(0, n_windows, COLUMNS, endpoint=False).astype(int))


def ranked_classes(timeline: Timeline) -> list[int]:
    """Numbers of the classes by their highest score at any time, the highest first: the order of rows in all panels."""
    return np.argsort(-timeline.scores.max(axis=0), kind="stable").tolist()


def _draw_log_mel(panel: Axes, sound: Sound, rate_hz: int) -> None:
    levels_db, spanned_s = log_mel_overview(PcmStream(sound, rate_hz), rate_hz)
    extent = (0, spanned_s, 0.5, N_MELS + 0.5)
    image = panel.imshow(levels_db, origin="lower", aspect="auto", extent=extent, cmap="magma")
    image.set_clim(-TOP_DB, 0)
    shown = [hz for hz in _TICKS_HZ if _LOWEST_TICK <= hz / (rate_hz / 2) <= 1]
    panel.set_yticks([band_of(hz, rate_hz) for hz in shown], labels=[f"{hz / 1000:g}" for hz in shown])
    panel.set(ylim=(0, N_MELS + 1), ylabel="frequency (kHz)", facecolor="black")
    panel.figure.colorbar(image, ax=panel, label="dB (0: the loudest)", pad=0.01)


def _draw_features(panel: Axes, clips: np.ndarray, seconds: float) -> None:
    """All steps of all clips side by side, the lowest band below."""
    bands = clips.shape[-1]
    extent = (0, seconds, -0.5, bands - 0.5)
    image = panel.imshow(
        clips.reshape(-1, bands).T,
        origin="lower",
        aspect="auto",
        extent=extent,
        cmap="magma",
    )
    panel.set(ylabel="band")
    panel.figure.colorbar(image, ax=panel, label="value", pad=0.01)


def _draw_heat(panel: Axes, timeline: Timeline, rows: Sequence[int]) -> None:
    edges_s, scores = heat_columns(timeline, rows)
    image = panel.pcolormesh(edges_s, np.arange(len(rows) + 1) - 0.5, scores, cmap="viridis", vmin=0, vmax=1)
    panel.set_ylim(len(rows) - 0.5, -0.5)
    panel.figure.colorbar(image, ax=panel, label="score", pad=0.01)
    _name_rows(panel, [timeline.names[row] for row in rows])


def _draw_classes(panel: Axes, segments: Sequence[Segment], labels: Sequence[str]) -> None:
    """A bar for each segment, one row per class."""
    for number, label in enumerate(labels):
        spans = [(s.start_s, s.end_s - s.start_s) for s in segments if s.label == label]
        panel.broken_barh(spans, (number - 0.4, 0.8), color=f"C{number % 10}")
    panel.set_ylim(len(labels) - 0.5, -0.5)
    panel.set_title("most likely class", fontsize=9, loc="left")
    panel.grid(axis="x", alpha=0.3)
    _name_rows(panel, labels)


def _draw_values(panel: Axes, timeline: Timeline) -> None:
    """One line per value, through each window, or from the lowest to the highest of a column of windows."""
    starts = _column_starts(len(timeline.scores))
    centres_s = np.repeat(timeline.centres_s[starts], 2)
    ends = [function.reduceat(timeline.scores, starts) for function in (np.minimum, np.maximum)]
    values = np.stack(ends, axis=1).reshape(len(centres_s), -1)
    lines = panel.plot(centres_s, values, marker="." if len(starts) < 60 else None)
    blank = [" "] * len(lines)  # a name with _ in front would be left out
    legend = panel.figure.legend(lines, blank, loc="outside lower left", ncols=6, fontsize=8)
    for text, name in zip(legend.get_texts(), timeline.names, strict=True):
        text.set(text=name, parse_math=False)
    panel.grid(alpha=0.3)


def _name_rows(panel: Axes, names: Sequence[str]) -> None:
    panel.set_yticks(np.arange(len(names)), labels=list(names), fontsize=8, parse_math=False)


def time_axis(panel: Axes, seconds: float) -> None:
    """At most a dozen ticks, at whole minutes or parts that divide one."""
    step_s = next((step for step in _TICKS_S if seconds / step <= _MOST_TICKS), _TICKS_S[-1])
    digits = max(0, math.ceil(-math.log10(step_s)))
    panel.set(xlim=(0, seconds), xlabel="time (h:mm:ss)" if seconds >= 3600 else "time (m:ss)")
    panel.xaxis.set_major_locator(MultipleLocator(step_s))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: clock(max(value, 0), digits)))
