"""All windows of a clip -> its scores."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from tagging.pipeline.batches import window_batches
from tagging.pipeline.settings import WindowSettings


def inference_step(model: Callable) -> Callable:
    """The model as one compiled function (batch, samples) -> logits; make it once, as tracing takes seconds."""
    return tf.function(lambda waveform: model(waveform, training=False), reduce_retracing=True)


class WindowLogits(NamedTuple):
    """(windows,) clip number, ascending; (windows, classes) float32 logits; (windows,) mean square of the samples."""

    clips: np.ndarray
    logits: np.ndarray
    power: np.ndarray


def predict_clips(
    step: Callable,
    waveforms: tf.data.Dataset,
    n_clips: int,
    settings: WindowSettings,
    rate_hz: int,
    **options,
) -> np.ndarray:
    """Logits of clips over all their windows, (n_clips, classes) float32; a clip of which no waveform came is NaN.

    Args: as `predict_windows`.
    """
    windows = predict_windows(step, waveforms, n_clips, settings, rate_hz, **options)
    return average_windows(windows.clips, windows.logits, n_clips, settings.average)


def predict_windows(
    step: Callable,
    waveforms: tf.data.Dataset,
    n_clips: int,
    settings: WindowSettings,
    rate_hz: int,
    *,
    batch_size: int = 64,
    description: str | None = None,
) -> WindowLogits:
    """Logits of every window of every clip.

    Args:
        step: (batch, samples) float32 -> logits (batch, classes), from `inference_step`.
        waveforms: (clip number, int16 samples), in ascending order.
        n_clips: how many clip numbers there are.
        settings: length and hop of the windows, and how they are averaged.
        rate_hz: sample rate of the waveforms.
        description: of the progress bar; None: no bar.
    """
    length, hop = settings.window_samples(rate_hz), settings.hop_samples(rate_hz)
    batches = []
    with tqdm(total=n_clips, desc=description, unit="clip", disable=None if description else True) as bar:
        for numbers, windows in window_batches(waveforms, length, hop, batch_size):
            power = tf.reduce_mean(tf.square(windows), axis=1)
            batches.append((numbers.numpy(), step(windows).numpy().astype(np.float32), power.numpy()))
            bar.update(int(batches[-1][0][-1]) + 1 - bar.n)
    return WindowLogits(*map(np.concatenate, zip(*batches, strict=True)))


def loudest_windows(windows: WindowLogits, n_clips: int) -> np.ndarray:
    """Logits of each clip's loudest window, the first of equal ones, (n_clips, classes) float32; NaN as above."""
    order = np.lexsort((-windows.power, windows.clips))  # stable
    present, first = np.unique(windows.clips[order], return_index=True)
    result = np.full((n_clips, windows.logits.shape[1]), np.nan, np.float32)
    result[present] = windows.logits[order[first]]
    return result


def average_windows(clips: np.ndarray, logits: np.ndarray, n_clips: int, average: str) -> np.ndarray:
    """Logit of the mean probability, or the mean logit, of each clip's windows.

    Computed through log(sigmoid(z)), so that sure windows do not saturate: with p the mean probability,
    logit(p) = log(mean sigmoid(z)) - log(mean sigmoid(-z)).

    Args:
        clips: (windows,) clip number of each window, ascending.
        logits: (windows, classes).
        n_clips: how many clip numbers there are.
        average: `probability` or `logit`.
    """
    present, starts = np.unique(clips, return_index=True)
    z = logits.astype(np.float64)
    result = np.full((n_clips, logits.shape[1]), np.nan, np.float32)
    if average == "logit":
        counts = np.diff([*starts, len(z)])[:, None]
        result[present] = np.add.reduceat(z, starts) / counts
    else:
        yes, no = (np.logaddexp.reduceat(-np.logaddexp(0.0, sign * z), starts) for sign in (-1.0, 1.0))
        result[present] = yes - no
    return result
