"""Plots of sounds and of their images, each drawn from arrays into one PNG file."""

import textwrap
from collections.abc import Collection, Mapping, Sequence
from math import log10
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from tagging.plots.style import TRAIN, write_figure

_COLUMNS = 1500  # drawn of a waveform, each from its lowest to its highest sample
_GRID_COLUMNS = 4
_TITLE_LETTERS = 34  # a line of a title in the grid
_TICKS_HZ = (500, 1000, 2000, 4000, 8000, 16000)

EdgesHz = tuple[float, float] | None
"""Lowest and highest edge of the HTK mel bands of an image; None: its bands are not mel bands."""


def waveforms(clips: Mapping[str, tuple[np.ndarray, int]], path: Path) -> None:
    """Waveforms under each other, on one scale.

    Args:
        clips: title -> samples, (n,), -1 to 1, and their rate in Hz.
        path: the PNG to write.
    """
    figure = Figure((10, 0.7 + 1.9 * len(clips)), layout="constrained")
    panels = figure.subplots(len(clips), 1, squeeze=False)[:, 0]
    peak = max(float(np.abs(samples).max(initial=1e-4)) for samples, _ in clips.values())
    for panel, (title, (samples, rate_hz)) in zip(panels, clips.items(), strict=True):
        time_s, low, high = _envelope(samples, rate_hz)
        panel.fill_between(time_s, low, high, color=TRAIN, linewidth=0.5)
        panel.set(xlim=(0, max(len(samples) / rate_hz, 1e-3)), ylim=(-1.05 * peak, 1.05 * peak))
        panel.set_ylabel("amplitude")
        panel.set_title(title, parse_math=False, loc="left", fontsize=10)
        panel.grid(alpha=0.3)
    panels[-1].set_xlabel("time (s)")
    write_figure(figure, path)


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
        drawn = _draw_image(panel, image, max(before.max(), after.max()))
        panel.set_title(name, fontsize=10)
        panel.set_xlabel("frame")
    panels[0].set_ylabel(_band_axis(panels[0], before.shape[1], edges_hz))
    figure.colorbar(drawn, ax=panels, label="value in the image (0 = silence)")
    figure.suptitle(title, parse_math=False)
    write_figure(figure, path)


def class_examples(
    examples: Mapping[str, tuple[np.ndarray, int, np.ndarray]], path: Path, edges_hz: EdgesHz = None
) -> None:
    """A clip of each class, one row each: waveform and log-mel image side by side.

    Args:
        examples: class -> samples (n,), -1 to 1; their rate in Hz; image (frames, bands) of the same sound.
        path: the PNG to write.
        edges_hz: see `EdgesHz`.
    """
    figure = Figure((11, 0.9 + 1.35 * len(examples)), layout="constrained")
    rows = figure.subplots(len(examples), 2, squeeze=False, width_ratios=(2, 3))
    for (wave, mel), (label, (samples, rate_hz, image)) in zip(rows, examples.items(), strict=True):
        length_s = max(len(samples) / rate_hz, 1e-3)
        time_s, low, high = _envelope(samples, rate_hz)
        wave.fill_between(time_s, low, high, color=TRAIN, linewidth=0.5)
        wave.set(xlim=(0, length_s))
        wave.set_title(label, parse_math=False, loc="left", fontsize=9)
        _draw_image(mel, image, image.max(), extent=(0, length_s, -0.5, image.shape[1] - 0.5))
        bands = _band_axis(mel, image.shape[1], edges_hz)
        for panel in (wave, mel):
            panel.tick_params(labelsize=7)
    for panel, unit in zip(rows[-1], ("time (s), amplitude", f"time (s), {bands}"), strict=True):
        panel.set_xlabel(unit, fontsize=9)
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
        panel.set_title(textwrap.fill(title, _TITLE_LETTERS), parse_math=False, fontsize=8)
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
        _draw_image(panel, image, images.max())
        panel.set_title(textwrap.fill(title, _TITLE_LETTERS), parse_math=False, fontsize=8)
    figure.supxlabel("frame", fontsize=9)
    figure.supylabel(_band_axis(panels[0, 0], images.shape[2], edges_hz), fontsize=9)
    write_figure(figure, path)


def step_plot(
    steps: Mapping[str, np.ndarray],
    titles: Sequence[str],
    rate_hz: int,
    path: Path,
    *,
    own_scale: Collection[str] = (),
) -> None:
    """Waveforms after each step that they go through: a row per clip, a column per step.

    Args:
        steps: name -> (clips, samples). The steps of a clip share one scale.
        titles: one per clip, its labels.
        rate_hz: of the samples.
        path: the PNG to write.
        own_scale: names of steps that are drawn on another scale, their own.
    """
    shape = len(titles), len(steps)
    figure = Figure((max(4.0, 3.0 * shape[1]), 0.9 + 1.3 * shape[0]), layout="constrained")
    panels = figure.subplots(*shape, squeeze=False, sharex=True)
    for row, (line, title) in enumerate(zip(panels, titles, strict=True)):
        peaks = {name: float(np.abs(waves[row]).max(initial=1e-4)) for name, waves in steps.items()}
        shared = max([peak for name, peak in peaks.items() if name not in own_scale], default=1.0)
        for panel, (name, waves) in zip(line, steps.items(), strict=True):
            time_s, low, high = _envelope(waves[row], rate_hz)
            peak = peaks[name] if name in own_scale else shared
            panel.fill_between(time_s, low, high, color=TRAIN, linewidth=0.5)
            panel.set(xlim=(0, waves.shape[1] / rate_hz), ylim=(-1.05 * peak, 1.05 * peak))
            panel.tick_params(labelsize=7)
            panel.grid(alpha=0.3)
        line[0].set_ylabel(textwrap.fill(title, _TITLE_LETTERS // 2), parse_math=False, fontsize=8)
    for panel, name in zip(panels[0], steps, strict=True):
        panel.set_title(textwrap.fill(name, _TITLE_LETTERS), parse_math=False, fontsize=9)
    figure.supxlabel("time (s)", fontsize=9)
    write_figure(figure, path)


def _envelope(samples: np.ndarray, rate_hz: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Time in seconds, and the lowest and highest sample from there on, (columns,) each."""
    starts = np.unique(np.linspace(0, len(samples), _COLUMNS, endpoint=False).astype(int))
    low, high = (function.reduceat(samples, starts) for function in (np.minimum, np.maximum))
    return starts / rate_hz, low, high


def _draw_image(
    panel: Axes, values: np.ndarray, loudest: float, extent: tuple[float, float, float, float] | None = None
) -> AxesImage:
    bands = values if values.ndim == 2 else values[..., 0]
    loudest = max(loudest, 1.0)  # a silent image is black
    image = panel.imshow(bands.T, origin="lower", aspect="auto", extent=extent, interpolation="nearest")
    image.set(cmap="magma", clim=(0, loudest))
    return image


def _band_axis(panel: Axes, n_bands: int, edges_hz: EdgesHz) -> str:
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
