"""Learning curves of runs: in one PNG file, or as SVG for the report."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from tagging.evaluation.task_kinds import common_metric, metric_title
from tagging.plots.style import run_colours, write_figure
from tagging.plots.svg import svg, svg_style

RATE = "learning_rate"
_TRAINING = "training clips"
_MOST_DOTS = 30  # epochs; with more, a line alone is clearer


def learning_curves(histories: Mapping[str, pd.DataFrame], path: Path, metric: str | None = None) -> None:
    """Loss, a metric and, if it changes, the learning rate over the epochs, all runs in one figure.

    Args:
        histories: name of the run -> its history: `epoch` (from 1), `loss`, and where they are known `learning_rate`,
            the metric, `val_loss` and `val_METRIC`.
        path: the PNG to write.
        metric: without `val_`; None: one that all have, if there is one.
    """
    columns = curve_columns(histories, metric)
    figure = Figure((1.5 + 4.6 * len(columns), 4.2), layout="constrained")
    panels = figure.subplots(1, len(columns), squeeze=False)[0]
    for panel, column in zip(panels, columns, strict=True):
        _draw(panel, histories, column)
    if len(rates := learning_rates(histories)) == 1:
        figure.supxlabel(f"learning rate {rates.pop()} in all epochs", fontsize=8)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper", fontsize=8)
    write_figure(figure, path)


@svg_style
def learning_curve(histories: Mapping[str, pd.DataFrame], column: str) -> str | None:
    """An SVG of one of `curve_columns`, with a tooltip at each point; None: no run has a finite value."""
    figure = Figure((4.75, 3.4), layout="constrained")
    panel = figure.subplots()
    tooltips = _draw(panel, histories, column)
    return svg(figure, f"{_title(column)} by epoch", "chart", tooltips) if panel.lines else None


def curve_columns(histories: Mapping[str, pd.DataFrame], metric: str | None = None) -> list[str]:
    """What is drawn of these runs: the loss, the metric (None: one that all have), the learning rate if it changes."""
    metric = metric or common_metric([map(str, history) for history in histories.values()])
    rate = RATE if len(learning_rates(histories)) > 1 else None
    return [column for column in dict.fromkeys(["loss", metric, rate]) if column]


def learning_rates(histories: Mapping[str, pd.DataFrame]) -> set[str]:
    """All learning rates of these runs, as text."""
    return {f"{rate:.3g}" for history in histories.values() for rate in history.get(RATE, ())}


def _draw(panel: Axes, histories: Mapping[str, pd.DataFrame], column: str) -> dict[str, list[str]]:
    """Training dashed, validation solid; the text of each point by the `gid` of its line."""
    tooltips = {}
    for (run, history), colour in zip(histories.items(), run_colours(len(histories)), strict=True):
        marker = "." if len(history) <= _MOST_DOTS else None
        for part, epochs, figures in _lines(history, column):
            style, alpha = ("--", 0.7) if part == _TRAINING else ("-", 1.0)
            gid, label = f"curve-{len(panel.lines)}", ", ".join([run, part] if part else [run])
            panel.plot(epochs, figures, style, marker=marker, color=colour, alpha=alpha, label=label, gid=gid)
            if marker:
                points = zip(epochs, figures, strict=True)
                tooltips[gid] = [f"{label}, epoch {epoch:g}: {value:.4g}" for epoch, value in points]
    panel.set(xlabel="epoch", ylabel=_title(column))
    panel.set_xlim(left=0.5)
    panel.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    panel.grid(alpha=0.3)
    if column == RATE:
        panel.set_yscale("log")
        panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.yaxis.set_minor_locator(NullLocator())
        panel.yaxis.set_major_formatter("{x:g}")
    else:
        panel.ticklabel_format(axis="y", useOffset=False)
    return tooltips


def _lines(history: pd.DataFrame, column: str) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Which clips, or nothing for the learning rate; epochs and finite values, (n,) each."""
    for name, part in ((column, _TRAINING), (f"val_{column}", "validation clips")):
        if name in history:
            figures = history[name].to_numpy(float)
            shown = np.isfinite(figures) & ((figures > 0) | (column != RATE))
            if shown.any():
                yield part if column != RATE else "", history["epoch"].to_numpy(float)[shown], figures[shown]


def _title(column: str) -> str:
    return metric_title(column).replace("_", " ")
