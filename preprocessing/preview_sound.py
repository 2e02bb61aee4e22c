"""Plots of a clip before and after cleaning."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from preprocessing.chain import CleanStream
from preprocessing.features import compute_features
from preprocessing.preview_features import computed_blocks, draw_features
from preprocessing.settings import CleaningSettings, SilenceRule

COLUMNS = 1600  # points drawn across a waveform, whatever its length
LEVEL_WINDOW_S = 0.01
FLOOR_DBFS = -90.0
WAVE, KEPT, LEVEL = "#33557a", "#bfe3c0", "#d9822b"


def draw_sound(
    title: str, before: np.ndarray, after: CleanStream, rule: SilenceRule, settings: CleaningSettings
) -> Figure:
    """Waveforms and levels before and after, above the features, if the settings ask for any.

    Args:
        title: names the clip.
        before: all of the clip at the clean rate, (samples,) int16.
        after: the same clip, cleaned.
        rule: of silence, by which it was.
        settings: how clips are cleaned.
    """
    rate_hz = settings.rate_hz
    blocks = computed_blocks(settings.features) if settings.features.name else {}
    extra = len(blocks)
    figure = Figure(figsize=(11, 6 + 3 * extra), layout="constrained")
    top, bottom, *rest = figure.subplots(2 + extra, 1)
    bottom.sharex(top)
    for start, end in after.kept:
        top.axvspan(start / rate_hz, end / rate_hz, color=KEPT, alpha=0.6, lw=0, label="_kept")
    _draw_clip(top, before, rate_hz, rule.threshold_dbfs)
    pcm = after.pcm()
    _draw_clip(bottom, pcm, rate_hz, rule.threshold_dbfs)
    note = f" ({after.reason}: kept whole)" if after.reason else ""
    top.set_title(f"{title}: {len(before) / rate_hz:.2f} s before, kept ranges shaded", parse_math=False)
    bottom.set_title(f"{len(pcm) / rate_hz:.2f} s after{note}")
    bottom.set_xlabel("time (s)")
    top.set_xlim(0, len(before) / rate_hz)
    if extra:
        features, _ = compute_features(pcm, rate_hz, settings.features)
        draw_features(figure, rest, features, blocks)
    return figure


def _draw_clip(axes: Axes, pcm: np.ndarray, rate_hz: int, threshold_dbfs: float) -> None:
    """Waveform (left axis) and level with the rule's threshold (right axis) over seconds."""
    times, low, high = _envelope(pcm, rate_hz)
    peak = max(float(np.max(np.abs([low, high]), initial=0.0)), 1e-3)
    axes.fill_between(times, low, high, color=WAVE, lw=0.5)
    axes.set(ylabel="amplitude (full scale 1)", ylim=(-1.1 * peak, 1.1 * peak))
    levels = axes.twinx()
    levels.plot(*_level_dbfs(pcm, rate_hz), color=LEVEL, lw=0.9)
    levels.axhline(threshold_dbfs, color=LEVEL, ls="--", lw=0.9)
    levels.set(ylabel=f"level (dBFS), threshold {threshold_dbfs:g}", ylim=(FLOOR_DBFS, 0))
    levels.yaxis.label.set_color(LEVEL)


def _envelope(pcm: np.ndarray, rate_hz: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times in seconds, and the lowest and highest sample from each to the next: long clips draw as fast."""
    starts = np.unique(np.linspace(0, len(pcm), COLUMNS, endpoint=False).astype(int))
    wave = pcm / 32768.0
    return starts / rate_hz, np.minimum.reduceat(wave, starts), np.maximum.reduceat(wave, starts)


def _level_dbfs(pcm: np.ndarray, rate_hz: int) -> tuple[np.ndarray, np.ndarray]:
    starts = np.arange(0, len(pcm), max(round(LEVEL_WINDOW_S * rate_hz), 1))
    power = np.add.reduceat((pcm / 32768.0) ** 2, starts) / np.diff(starts, append=len(pcm))
    return starts / rate_hz, np.maximum(10 * np.log10(np.maximum(power, 1e-12)), FLOOR_DBFS)
