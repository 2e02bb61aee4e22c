"""Confusions of classes as plots."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tagging.plots.style import write_figure

_INCHES = 0.42  # side of a cell
_MOST_NUMBERED = 30  # classes up to which cells have their numbers
_MOST_IN_MATRIX = 120  # classes; of more, nobody could read the matrix
_PAIRS = 40  # that are drawn in its place


def confusion_plot(table: pd.DataFrame, path: Path) -> None:
    """Draw a confusion matrix, or with more than 120 classes the pairs that are confused most often.

    In the matrix a cell's colour is its share of the clips of its row's class, its number how many.

    Args:
        table: from `confusion_table`: rows are true classes, columns predicted ones.
        path: the PNG to write.
    """
    figure = _matrix(table) if len(table) <= _MOST_IN_MATRIX else _bars(most_confused(table, _PAIRS))
    write_figure(figure, path)


def most_confused(table: pd.DataFrame, most: int) -> pd.DataFrame:
    """The pairs of classes confused most often: `label`, `predicted`, `clips`, and their `share` of the label's clips.

    Args:
        table: from `confusion_table`.
        most: number of pairs.
    """
    counts = table.to_numpy()
    sums = counts.sum(axis=1)
    rows, columns = np.nonzero(counts * ~np.eye(len(counts), dtype=bool))
    clips = counts[rows, columns]
    share = clips / sums[rows]
    first = np.lexsort((-share, -clips))[:most]
    names = np.array([str(label) for label in table.columns], object)
    return pd.DataFrame(
        {
            "label": names[rows[first]],
            "predicted": names[columns[first]],
            "clips": clips[first],
            "share": share[first],
        }
    )


def _matrix(table: pd.DataFrame) -> Figure:
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
    return figure


def _bars(pairs: pd.DataFrame) -> Figure:
    figure = Figure((9, 1.4 + 0.22 * len(pairs)), layout="constrained")
    panel = figure.subplots()
    bars = panel.barh(range(len(pairs)), pairs["clips"])
    panel.bar_label(bars, [f"{100 * share:.0f} %" for share in pairs["share"]], padding=3, fontsize=8)
    names = [f"{row.label} → {row.predicted}" for row in pairs.itertuples()]
    panel.set_yticks(range(len(pairs)), labels=names, fontsize=8, parse_math=False)
    panel.margins(x=0.1, y=0.01)
    panel.invert_yaxis()
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.set(xlabel="clips, and their share of the true class")
    panel.set_title("most frequent confusions: true → predicted" if len(pairs) else "no confusions")
    return figure
