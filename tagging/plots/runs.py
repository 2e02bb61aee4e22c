"""Plots of several runs: bars, and size against score."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullLocator

from tagging.evaluation.task_kinds import metric_title
from tagging.plots.style import TEST, TRAIN, VALIDATION, write_figure

_LOG_FROM = 10
_MARKERS = "osD^vP*X"
_PARTS = {"train": ("train", TRAIN), "val": ("validation", VALIDATION), "test": ("test", TEST)}


def run_bars(table: pd.DataFrame, metric: str, path: Path) -> None:
    """A metric and the loss of runs, on training, validation and test clips, the first run on top.

    Args:
        table: one row per run: `run`, and of each part that is known `train_METRIC`, `val_METRIC`, `test_METRIC`,
            `train_loss`, `val_loss`; NaN draws no bar.
        metric: without `val_`.
        path: the PNG to write.
    """
    columns = list(dict.fromkeys([metric, "loss"]))
    figure = Figure((3 + 4.2 * len(columns), 1.4 + 0.5 * len(table)), layout="constrained")
    panels = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
    rows = np.arange(len(table))
    for panel, column in zip(panels, columns, strict=True):
        parts = [part for part in _PARTS if f"{part}_{column}" in table]
        height = 0.76 / len(parts)
        for number, part in enumerate(parts):
            values, (name, colour) = table[f"{part}_{column}"], _PARTS[part]
            shift = height * (number - (len(parts) - 1) / 2)
            bars = panel.barh(rows + shift, values.fillna(0), height=0.95 * height, color=colour, label=name)
            shown = ["" if np.isnan(value) else f"{value:.3f}" for value in values]
            panel.bar_label(bars, shown, fontsize=7, padding=2)
        panel.set_xlabel(metric_title(column))
        panel.margins(x=0.14)
        panel.grid(axis="x", alpha=0.3)
        panel.set_axisbelow(True)
    panels[0].set_yticks(rows, labels=list(table["run"]), fontsize=8, parse_math=False)
    panels[0].set_ylim(len(table) - 0.4, -0.6)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=3, fontsize=8)
    write_figure(figure, path)


def size_against_metric(table: pd.DataFrame, metric: str, path: Path, part: str = "val") -> None:
    """The metric on validation or test clips over the parameters: all (filled) and those that train (hollow).

    Args:
        table: one row per run: `run`, `parameters`, `trainable_parameters`, `PART_METRIC`.
        metric: without its part.
        path: the PNG to write.
        part: `val` or `test`.
    """
    figure = Figure((9, max(4.2, 1.2 + 0.22 * len(table))), layout="constrained")
    panel = figure.subplots()
    values, trainable, whole = (
        table[name].to_numpy(float) for name in (f"{part}_{metric}", "trainable_parameters", "parameters")
    )
    for number, name in enumerate(table["run"]):
        colour, marker = f"C{number % 10}", _MARKERS[number // 10 % len(_MARKERS)]
        here = slice(number, number + 1)
        panel.hlines(values[here], trainable[here], whole[here], color=colour, alpha=0.5, linewidth=1)
        panel.plot(trainable[here], values[here], marker, color=colour, markerfacecolor="white")
        panel.plot(whole[here], values[here], marker, color=colour, label=name)
    _size_axis(panel, np.concatenate([trainable, whole]))
    panel.set(xlabel="parameters (hollow: trainable)", ylabel=f"{metric_title(metric)}, {_PARTS[part][0]}")
    panel.grid(alpha=0.3)
    figure.legend(*panel.get_legend_handles_labels(), loc="outside right upper", fontsize=8)
    write_figure(figure, path)


def _size_axis(panel: Axes, sizes: np.ndarray) -> None:
    """Few ticks with numbers such as `24 k`: logarithmic where sizes span more than a factor of ten."""
    span = sizes.max() / max(sizes.min(), 1)
    if span > _LOG_FROM:
        panel.set_xscale("log")
        panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if span < _LOG_FROM**2 else (1,)))
        panel.xaxis.set_minor_locator(NullLocator())
    else:
        panel.xaxis.set_major_locator(MaxNLocator(6))
    panel.xaxis.set_major_formatter(EngFormatter())
