"""Plots of images and of features: what networks see."""

import textwrap
from collections.abc import Mapping, Sequence
from math import log10
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from tagging.plots.style import TITLE_LETTERS, write_figure

_GRID_COLUMNS = 4
_TICKS_HZ = (500, 1000, 2000, 4000, 8000, 16000)

EdgesHz = tuple[float, float] | None
"""Lowest and highest edge of the HTK mel bands of an image; None: its bands are not mel bands."""


def log_mel_before_after(
    before: np.ndarray,
    after: np.ndarray,
    path: Path,
    title: str = "",
    edges_hz: EdgesHz = None,
    *,
    is_used: bool = True,
) -> None:
    """A log-mel image before and after SpecAugment, on one scale of colours.

    Args:
        before, after: (frames, bands) or (frames, bands, channels), 0 = silence; the first channel is drawn.
        path: the PNG to write.
        title: names the clip.
        edges_hz: see `EdgesHz`.
        is_used: whether training masks such images; else the title says that it does not.
    """
    figure = Figure((11, 4), layout="constrained")
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    titles = ("before", f"after SpecAugment{'' if is_used else ' (off in this config)'}")
    for panel, image, name in zip(panels, (before, after), titles, strict=True):
        drawn = draw_image(panel, image, max(before.max(), after.max()))
        panel.set_title(name, fontsize=10)
        panel.set_xlabel("frame")
    panels[0].set_ylabel(band_axis(panels[0], before.shape[1], edges_hz))
    figure.colorbar(drawn, ax=panels, label="value in the image (0 = silence)")
    figure.suptitle(title, parse_math=False)
    write_figure(figure, path)


def batch_plot(images: np.ndarray, titles: Sequence[str], path: Path, edges_hz: EdgesHz = None) -> None:
    """A grid of what the network sees, low bands below.

    Args:
        images: (batch, frames, bands) or (batch, frames, bands, channels), 0 = silence; the first channel is drawn.
        titles: one per image, its labels.
        path: the PNG to write.
        edges_hz: see `EdgesHz`.
    """
    columns = min(_GRID_COLUMNS, len(images))
    rows = -(-len(images) // columns)
    figure = Figure((3.2 * columns, 2.7 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for panel in panels.flat[len(images) :]:
        panel.set_visible(False)
    for panel in panels.flat[len(images) - columns : len(images)]:  # the lowest one of each column
        panel.tick_params(labelbottom=True)
    for panel, image, title in zip(panels.flat[: len(images)], images, titles, strict=True):
        draw_image(panel, image, images.max())
        panel.set_title(textwrap.fill(title, TITLE_LETTERS), parse_math=False, fontsize=8)
    figure.supxlabel("frame", fontsize=9)
    figure.supylabel(band_axis(panels[0, 0], images.shape[2], edges_hz), fontsize=9)
    write_figure(figure, path)


def feature_examples(examples: Mapping[str, np.ndarray], path: Path) -> None:
    """Features of some clips in a grid, on one scale of colours; those of one step are drawn as lines.

    Args:
        examples: title -> features (steps, bands).
        path: the PNG to write.
    """
    columns = min(_GRID_COLUMNS, max(1, len(examples)))
    rows = max(1, -(-len(examples) // columns))
    figure = Figure((1 + 3.2 * columns, 2.9 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False)
    low = min((float(features.min()) for features in examples.values()), default=0)
    high = max((float(features.max()) for features in examples.values()), default=1)
    image = None
    for panel, (title, features) in zip(panels.flat, examples.items(), strict=False):
        panel.set_title(textwrap.fill(title, TITLE_LETTERS), parse_math=False, fontsize=8)
        if len(features) == 1:
            panel.plot(features[0], ".-")
            panel.set(xlabel="band", ylabel="value", ylim=(low, high))
        else:
            image = panel.imshow(features.T, origin="lower", aspect="auto", interpolation="nearest")
            image.set(cmap="magma", clim=(low, high))
            panel.set(xlabel="step", ylabel="band")
    for panel in panels.flat[len(examples) :]:
        panel.set_visible(False)
    if image:
        figure.colorbar(image, ax=panels, label="value")
    write_figure(figure, path)


def draw_image(
    panel: Axes, values: np.ndarray, loudest: float, extent: tuple[float, float, float, float] | None = None
) -> AxesImage:
    """Low bands below, from black at 0.

    Args:
        values: (frames, bands) or (frames, bands, channels), 0 = silence; the first channel is drawn.
        loudest: the brightest value.
        extent: left, right, lower and upper edge of the image; None: frames and bands, counted from 0.
    """
    bands = values if values.ndim == 2 else values[..., 0]
    loudest = max(loudest, 1.0)  # a silent image is black
    image = panel.imshow(bands.T, origin="lower", aspect="auto", extent=extent, interpolation="nearest")
    image.set(cmap="magma", clim=(0, loudest))
    return image


def band_axis(panel: Axes, n_bands: int, edges_hz: EdgesHz) -> str:
    """Frequencies as the ticks of an image whose band i is drawn around i; the label of the axis."""
    if edges_hz is None:
        return "band"
    low, high = (_mel(edge) for edge in edges_hz)
    shown = [hz for hz in _TICKS_HZ if edges_hz[0] <= hz <= edges_hz[1]]
    places = [(n_bands + 1) * (_mel(hz) - low) / (high - low) - 1 for hz in shown]
    panel.set_yticks(places, labels=[str(hz) for hz in shown])
    panel.set_ylim(-0.5, n_bands - 0.5)
    return "frequency (Hz)"


def _mel(hz: float) -> float:
    """On the HTK scale."""
    return 2595 * log10(1 + hz / 700)
