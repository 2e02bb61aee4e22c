"""Confusion matrices as plots and CSV."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from foundation.files import write_atomic
from tagging.evaluation.multiclass import confusion_table
from tagging.plots.style import write_figure

_INCHES = 0.42  # side of a cell
_MOST_NUMBERED = 30  # classes up to which cells have their numbers


def confusion_plot(table: pd.DataFrame, path: Path) -> None:
    """Draw a confusion matrix: a cell's colour is its share of the clips of its row's class, its number how many.

    Args:
        table: from `confusion_table`: rows are true classes, columns predicted ones.
        path: the PNG to write.
    """
    n = len(table)
    side = max(3.5, _INCHES * n)
    figure = Figure((side + 2.6, side + 1.4), layout="constrained")
    panel = figure.subplots()
    counts = table.to_numpy()
    shares = counts / counts.sum(axis=1, keepdims=True).clip(1)
    image = panel.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    labels = [str(label) for label in table.columns]
    panel.set_xticks(
        range(n), labels=labels, rotation=45, ha="right", rotation_mode="anchor", parse_math=False
    )
    panel.set_yticks(range(n), labels=labels, parse_math=False)
    panel.set(xlabel="predicted", ylabel="true")
    if n <= _MOST_NUMBERED:
        for row, column in np.argwhere(counts):
            colour = "white" if shares[row, column] > 0.5 else "black"
            panel.text(
                column, row, str(counts[row, column]), ha="center", va="center", fontsize=8, color=colour
            )
    figure.colorbar(image, shrink=0.7, label="share of the true class")
    write_figure(figure, path)


def write_confusion(path: Path, targets: np.ndarray, logits: np.ndarray, classes: Sequence[str]) -> None:
    """Which classes are confused with which, as CSV and, under the same name, as a plot."""
    table = confusion_table(targets, logits, classes)
    write_atomic(path, table.to_csv().encode())
    confusion_plot(table, path.with_suffix(".png"))
