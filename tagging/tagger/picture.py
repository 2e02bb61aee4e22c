"""A file over time: its log-mel above its tags."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from preprocessing.stream import FileSound, PcmStream
from tagging.plots import write_figure
from tagging.tagger.results import Segment, Timeline
from tagging.tagger.spectrogram import TOP_DB, log_mel_overview
from tagging.tagger.writing import clock

CLASSES = 12  # rows of the heat map, at most
COLUMNS = 1500  # of the heat map: more than a picture has dots show nothing more
_ROW_INCHES = 0.26
_TICKS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
_MOST_TICKS = 12


def draw_timeline(
    timeline: Timeline, segments: Sequence[Segment] | None, audio: Path, rate_hz: int, path: Path, title: str
) -> None:
    """Log-mel of a file above a heat map of the classes with the highest scores.

    With one label a clip also the class over time, of regression the values over time in place of the heat map.

    Args:
        timeline, segments: of the file; of regression there are no segments.
        audio: the file, which is read once more.
        rate_hz: the picture shows what is below half of it, as the network hears no more.
        path: the PNG to write.
        title: names the file.
    """
    rows, labels = top_classes(timeline), list(dict.fromkeys(segment.label for segment in segments or ()))
    has_classes = timeline.task == "multiclass" and bool(labels)
    heights = [2.2, max(1.2, _ROW_INCHES * len(rows)), max(0.8, _ROW_INCHES * len(labels))][: 2 + has_classes]
    figure = Figure((11, 1.6 + sum(heights)), layout="constrained")
    panels = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    _draw_log_mel(panels[0], *log_mel_overview(PcmStream(FileSound(audio), rate_hz), rate_hz))
    if timeline.task == "regression":
        _draw_values(panels[1], timeline)
    else:
        _draw_heat(panels[1], timeline, rows)
    if has_classes:
        _draw_classes(panels[2], segments or (), labels)
    _time_axis(panels[-1], timeline.seconds)
    figure.suptitle(title, parse_math=False, fontsize=11)
    write_figure(figure, path)


def heat_columns(timeline: Timeline, rows: Sequence[int]) -> np.ndarray:
    """The scores of some classes on an even grid of time, (rows, columns): of each column the highest.

    So a short sound is seen in hours, too.
    """
    edges = timeline.edges_s
    columns = min(COLUMNS, max(1, 4 * len(timeline.scores)))
    grid = np.linspace(0, timeline.seconds, columns + 1)
    firsts = np.clip(np.searchsorted(edges, grid[:-1], "right") - 1, 0, len(timeline.scores) - 1)
    ends = np.maximum(np.searchsorted(edges, grid[1:], "left"), firsts + 1)
    scores = timeline.scores[:, list(rows)]
    return np.stack([scores[first:end].max(axis=0) for first, end in zip(firsts, ends, strict=True)], axis=1)


def top_classes(timeline: Timeline) -> list[int]:
    """Numbers of the classes with the highest scores at any time, the highest first."""
    return np.argsort(-timeline.scores.max(axis=0), kind="stable")[:CLASSES].tolist()


def _draw_log_mel(panel: Axes, picture: np.ndarray, spanned_s: float) -> None:
    image = panel.imshow(picture, origin="lower", aspect="auto", extent=(0, spanned_s, 0, len(picture)))
    image.set(cmap="magma", clim=(0, TOP_DB))
    panel.set_ylabel("mel band")
    panel.figure.colorbar(image, ax=panel, label="dB", pad=0.01)


def _draw_heat(panel: Axes, timeline: Timeline, rows: Sequence[int]) -> None:
    extent = (0, timeline.seconds, len(rows) - 0.5, -0.5)
    image = panel.imshow(
        heat_columns(timeline, rows), aspect="auto", cmap="viridis", extent=extent, interpolation="nearest"
    )
    image.set_clim(0, 1)
    panel.figure.colorbar(image, ax=panel, label="score", pad=0.01)
    _name_rows(panel, [timeline.names[row] for row in rows])


def _draw_classes(panel: Axes, segments: Sequence[Segment], labels: Sequence[str]) -> None:
    """A bar for each segment, a row a class."""
    for number, label in enumerate(labels):
        spans = [(s.start_s, s.end_s - s.start_s) for s in segments if s.label == label]
        panel.broken_barh(spans, (number - 0.4, 0.8), color=f"C{number % 10}")
    panel.set_ylim(len(labels) - 0.5, -0.5)
    panel.set_title("likeliest class", fontsize=9, loc="left")
    panel.grid(axis="x", alpha=0.3)
    _name_rows(panel, labels)


def _draw_values(panel: Axes, timeline: Timeline) -> None:
    step = -(-len(timeline.scores) // COLUMNS)
    centres_s = (timeline.starts_s + timeline.ends_s) / 2
    for name, values in zip(timeline.names, timeline.scores.T, strict=True):
        panel.plot(centres_s[::step], values[::step], marker="." if len(values) < 60 else None, label=name)
    panel.legend(fontsize=8)
    panel.grid(alpha=0.3)


def _name_rows(panel: Axes, names: Sequence[str]) -> None:
    panel.set_yticks(np.arange(len(names)), labels=list(names), fontsize=8, parse_math=False)


def _time_axis(panel: Axes, seconds: float) -> None:
    """At most a dozen ticks, at whole minutes or parts that divide one."""
    step_s = next((step for step in _TICKS_S if seconds / step <= _MOST_TICKS), _TICKS_S[-1])
    panel.set(xlim=(0, seconds), xlabel="time (h:mm:ss)" if seconds >= 3600 else "time (m:ss)")
    panel.xaxis.set_major_locator(MultipleLocator(step_s))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: clock(max(value, 0), int(step_s < 1))))
