"""Plots of the labels of a data set, or of its values, each drawn into one PNG file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tagging.datasets.table import Dataset
from tagging.plots.style import MUTED, TEST, TRAIN, VALIDATION, write_figure

_LABEL_INCHES = 0.17  # height of a label's row
_PARTS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}


def value_histograms(dataset: Dataset, path: Path) -> None:
    """Histograms of the targets, one panel each, over all clips with known values."""
    clips = dataset.clips[dataset.answered(dataset.clips)]
    values = dataset.targets(clips)
    figure = Figure((3.4 * len(dataset.classes), 3), layout="constrained")
    panels = figure.subplots(1, len(dataset.classes), squeeze=False, sharey=True)[0]
    for panel, name, column in zip(panels, dataset.classes, values.T, strict=True):
        panel.hist(column, bins=30, color=TRAIN)
        panel.set_title(name, parse_math=False, fontsize=10)
        panel.grid(axis="y", alpha=0.3)
    panels[0].set_ylabel("clips")
    write_figure(figure, path)


def label_histograms(dataset: Dataset, path: Path) -> None:
    """Clips of each label, one panel per split; splits without any label (a test set) are left out."""
    splits = [
        name for name in dict.fromkeys(dataset.clips["split"]) if dataset.of(name)["labels"].map(len).any()
    ]
    figure, panels = _label_panels(dataset.classes, len(splits))
    for panel, name in zip(panels, splits, strict=True):
        clips = dataset.of(name)
        counts = dataset.targets(clips).sum(axis=0).astype(int)
        bars = panel.barh(np.arange(len(counts)), counts, color=TRAIN, height=0.75)
        panel.bar_label(bars, fontsize=6, padding=2)
        panel.set_title(f"{name}: {len(clips):,} clips", parse_math=False, fontsize=10)
        panel.set_xlabel("clips with the label")
        panel.margins(x=0.12)
    write_figure(figure, path)


def label_shares(classes: Sequence[str], splits: Mapping[str, Sequence[np.ndarray]], path: Path) -> None:
    """Share of each label among training, validation and test clips, one panel per way of splitting.

    A title gives the mean over the labels of the difference between the parts that are furthest apart.

    Args:
        classes: names, in the order of the columns.
        splits: way of splitting (`plain random`, `stratified` ...) -> targets of the training clips, of the validation
            clips, and of the test clips if there are such, (clips, classes) each.
        path: the PNG to write.
    """
    figure, panels = _label_panels(classes, len(splits), sharex=True)
    rows = np.arange(len(classes))
    for panel, (way, targets) in zip(panels, splits.items(), strict=True):
        shares = np.array([np.asarray(part, np.float64).mean(axis=0) for part in targets])
        panel.hlines(rows, shares.min(axis=0), shares.max(axis=0), color=MUTED, linewidth=1.2, zorder=1)
        for share, (name, colour) in zip(shares, _PARTS.items(), strict=False):
            panel.scatter(share, rows, s=14, color=colour, label=name)
        sizes = f"{' + '.join(f'{len(part):,}' for part in targets)} clips"
        title = f"{way}: {sizes}\nmean difference {100 * np.ptp(shares, axis=0).mean():.2f} points"
        panel.set_title(title, parse_math=False, fontsize=10)
        panel.set_xlabel("share of clips with the label")
        panel.xaxis.set_major_formatter(PercentFormatter(1.0))
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper right", ncols=3, fontsize=8)
    write_figure(figure, path)


def _label_panels(classes: Sequence[str], panels: int, sharex: bool = False) -> tuple[Figure, np.ndarray]:
    """A figure with one row per label, high enough for all of them; the first label on top."""
    figure = Figure((3.2 + 4.2 * panels, 1.6 + _LABEL_INCHES * len(classes)), layout="constrained")
    axes = figure.subplots(1, panels, squeeze=False, sharex=sharex, sharey=True)[0]
    axes[0].set_yticks(np.arange(len(classes)), labels=list(classes), fontsize=7, parse_math=False)
    axes[0].set_ylim(len(classes) - 0.4, -0.6)
    for panel in axes:
        panel.grid(axis="x", alpha=0.3)
        panel.set_axisbelow(True)
    return figure, axes
