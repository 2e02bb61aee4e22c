"""The loss of each batch as a plot."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tagging.plots.style import MUTED, TRAIN, write_figure

_COLUMNS = 2000  # of more batches, each column spans the losses of neighbouring ones
_MEANS = 100  # in the smoothed curve, at least


def batch_curve(batches: pd.DataFrame, path: Path) -> None:
    """Draw the loss of all batches over the epochs, and its moving mean.

    Args:
        batches: a row per batch in their order: `epoch` and `batch`, from 1, and `loss`.
        path: the PNG to write.
    """
    losses = batches["loss"].to_numpy(float)
    steps = batches.groupby("epoch")["batch"].transform("max")
    at = (batches["epoch"] - 1 + batches["batch"] / steps).to_numpy(float)
    figure = Figure((8, 4.2), layout="constrained")
    panel = figure.subplots()
    starts = np.unique(np.linspace(0, len(losses), _COLUMNS, endpoint=False).astype(int))
    if len(starts) == len(losses):
        marker = "." if len(losses) <= _MEANS else None
        panel.plot(at, losses, marker=marker, color=MUTED, linewidth=0.8, label="each batch")
    else:
        low, high = np.minimum.reduceat(losses, starts), np.maximum.reduceat(losses, starts)
        panel.fill_between(at[starts], low, high, color=MUTED, linewidth=0, label="lowest to highest batch")
    width = max(1, len(losses) // _MEANS)
    means = np.convolve(losses, np.full(width, 1 / width), mode="valid")
    shown = slice(None, None, max(1, len(means) // _COLUMNS))
    if width > 1:
        label = f"mean of {width} batches"
        panel.plot(at[width - 1 :][shown], means[shown], color=TRAIN, linewidth=1.5, label=label)
    panel.set(xlabel="epoch", ylabel="loss", xlim=(0, at[-1]))
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.grid(alpha=0.3)
    panel.legend(fontsize=8)
    write_figure(figure, path)
