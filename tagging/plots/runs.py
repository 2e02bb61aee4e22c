"""Plots of several runs: bars, and size against score."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tagging.evaluation.task_kinds import metric_title
from tagging.plots.style import TRAIN, VALIDATION, write_figure

_MARKERS = "osD^vP*X"


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
