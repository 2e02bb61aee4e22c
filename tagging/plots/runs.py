"""Plots of several runs: learning curves, bars, size against score."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tagging.evaluation.task_kinds import known_metrics, metric_title
from tagging.plots.style import TRAIN, VALIDATION, write_figure

_MARKERS = "osD^vP*X"


def common_metric(known: Iterable[Iterable[str]]) -> str | None:
    """The metric that runs are compared by unless one is asked for: the first that all have; None: there is none.

    Args:
        known: for each run, its metrics or the columns of its history.
    """
    each = [{name.removeprefix("val_") for name in names} for names in known]
    return next(
        (metric for metric in known_metrics() if each and all(metric in names for names in each)), None
    )


def learning_curves(histories: Mapping[str, pd.DataFrame], path: Path, metric: str | None = None) -> None:
    """Loss, a metric and the learning rate over the epochs, all runs in one figure.

    Args:
        histories: name of the run -> its history: `epoch` (from 1), `loss`, and where they are known `learning_rate`,
            the metric, `val_loss` and `val_METRIC`.
        path: the PNG to write.
        metric: without `val_`; None: one that all have, if there is one.
    """
    metric = metric or common_metric([map(str, history) for history in histories.values()])
    columns = list(dict.fromkeys(["loss", *([metric] if metric else [])]))
    if all("learning_rate" in history for history in histories.values()):
        columns.append("learning_rate")
    figure = Figure((1.5 + 4.6 * len(columns), 4.2), layout="constrained")
    panels = figure.subplots(1, len(columns), squeeze=False)[0]
    for panel, column in zip(panels, columns, strict=True):
        for number, (name, history) in enumerate(histories.items()):
            _draw_curve(panel, history, column, name, f"C{number % 10}")
        panel.set(xlabel="epoch", ylabel=metric_title(column).replace("_", " "))
        panel.set_xlim(left=0.5)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.grid(alpha=0.3)
    if columns[-1] == "learning_rate":
        panels[-1].set_yscale("log")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper", fontsize=8)
    write_figure(figure, path)


def run_bars(table: pd.DataFrame, metric: str, path: Path) -> None:
    """A metric and the loss of runs, on training and validation clips, the first run on top.

    Args:
        table: one row per run: `run`, `train_METRIC`, `val_METRIC`, `train_loss`, `val_loss`; NaN draws no bar.
        metric: without `val_`.
        path: the PNG to write.
    """
    columns = list(dict.fromkeys([metric, "loss"]))
    figure = Figure((3 + 4.2 * len(columns), 1.4 + 0.5 * len(table)), layout="constrained")
    panels = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
    rows = np.arange(len(table))
    for panel, column in zip(panels, columns, strict=True):
        for part, colour, shift in (("train", TRAIN, -0.19), ("val", VALIDATION, 0.19)):
            values = table[f"{part}_{column}"]
            name = {"train": "train", "val": "validation"}[part]
            bars = panel.barh(rows + shift, values.fillna(0), height=0.36, color=colour, label=name)
            shown = ["" if np.isnan(value) else f"{value:.3f}" for value in values]
            panel.bar_label(bars, shown, fontsize=7, padding=2)
        panel.set_xlabel(metric_title(column))
        panel.margins(x=0.14)
        panel.grid(axis="x", alpha=0.3)
        panel.set_axisbelow(True)
    panels[0].set_yticks(rows, labels=list(table["run"]), fontsize=8, parse_math=False)
    panels[0].set_ylim(len(table) - 0.4, -0.6)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=2, fontsize=8)
    write_figure(figure, path)


def size_against_metric(table: pd.DataFrame, metric: str, path: Path) -> None:
    """The metric on validation clips over the parameters: all of them (filled) and those that train (hollow).

    Args:
        table: one row per run: `run`, `parameters`, `trainable_parameters`, `val_METRIC`.
        metric: without `val_`.
        path: the PNG to write.
    """
    figure = Figure((9, max(4.2, 1.2 + 0.22 * len(table))), layout="constrained")
    panel = figure.subplots()
    values, trainable, whole = (
        table[name].to_numpy(float) for name in (f"val_{metric}", "trainable_parameters", "parameters")
    )
    for number, name in enumerate(table["run"]):
        colour, marker = f"C{number % 10}", _MARKERS[number // 10 % len(_MARKERS)]
        here = slice(number, number + 1)
        panel.hlines(values[here], trainable[here], whole[here], color=colour, alpha=0.5, linewidth=1)
        panel.plot(trainable[here], values[here], marker, color=colour, markerfacecolor="white")
        panel.plot(whole[here], values[here], marker, color=colour, label=name)
    panel.set_xscale("log")
    panel.set(xlabel="parameters (hollow: trainable)", ylabel=f"{metric_title(metric)}, validation")
    panel.grid(alpha=0.3, which="both")
    figure.legend(*panel.get_legend_handles_labels(), loc="outside right upper", fontsize=8)
    write_figure(figure, path)


def _draw_curve(panel: Axes, history: pd.DataFrame, column: str, name: str, colour: str) -> None:
    """Training dashed, validation whole; the learning rate is of training and of validation."""
    epochs, marker = history["epoch"], "." if len(history) < 30 else None
    if column in history:
        style, label = ("-", name) if column == "learning_rate" else ("--", f"{name}, train")
        panel.plot(epochs, history[column], style, marker=marker, color=colour, alpha=0.6, label=label)
    if f"val_{column}" in history:
        panel.plot(epochs, history[f"val_{column}"], marker=marker, color=colour, label=f"{name}, validation")
