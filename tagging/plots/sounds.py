"""Plots of sounds, each drawn from arrays into one PNG file."""

import textwrap
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from tagging.plots.images import EdgesHz, band_axis, draw_image
from tagging.plots.style import TITLE_LETTERS, TRAIN, write_figure

_COLUMNS = 1500  # drawn of a waveform, each from its lowest to its highest sample


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
        draw_image(mel, image, image.max(), extent=(0, length_s, -0.5, image.shape[1] - 0.5))
        bands = band_axis(mel, image.shape[1], edges_hz)
        for panel in (wave, mel):
            panel.tick_params(labelsize=7)
    for panel, unit in zip(rows[-1], ("time (s), amplitude", f"time (s), {bands}"), strict=True):
        panel.set_xlabel(unit, fontsize=9)
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
        line[0].set_ylabel(textwrap.fill(title, TITLE_LETTERS // 2), parse_math=False, fontsize=8)
    for panel, name in zip(panels[0], steps, strict=True):
        panel.set_title(textwrap.fill(name, TITLE_LETTERS), parse_math=False, fontsize=9)
    figure.supxlabel("time (s)", fontsize=9)
    write_figure(figure, path)


def _envelope(samples: np.ndarray, rate_hz: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Time in seconds, and the lowest and highest sample from there on, (columns,) each."""
    starts = np.unique(np.linspace(0, len(samples), _COLUMNS, endpoint=False).astype(int))
    low, high = (function.reduceat(samples, starts) for function in (np.minimum, np.maximum))
    return starts / rate_hz, low, high
