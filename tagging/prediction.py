"""All windows of a clip -> its scores."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from tagging.pipeline.batches import window_batches
from tagging.pipeline.settings import WindowSettings


def inference_step(model: Callable) -> Callable:
    """The model as one compiled function (batch, samples) -> logits; make it once, as tracing takes seconds."""
    return tf.function(lambda waveform: model(waveform, training=False), reduce_retracing=True)


def predict_clips(
    step: Callable,
    waveforms: tf.data.Dataset,
    n_clips: int,
    settings: WindowSettings,
    rate_hz: int,
    *,
    batch_size: int = 64,
    description: str | None = None,
) -> np.ndarray:
    """Logits of clips, (n_clips, classes) float32; a clip of which no waveform came is NaN.

    Args:
        step: (batch, samples) float32 -> logits (batch, classes), from `inference_step`.
        waveforms: (clip number, int16 samples), in ascending order.
        n_clips: how many clip numbers there are.
        settings: length and hop of the windows, and how they are averaged.
        rate_hz: sample rate of the waveforms.
        description: of the progress bar; None: no bar.
    """
    length, hop = settings.window_samples(rate_hz), settings.hop_samples(rate_hz)
    clips, logits = [], []
    with tqdm(total=n_clips, desc=description, unit="clip", disable=None if description else True) as bar:
        for numbers, windows in window_batches(waveforms, length, hop, batch_size):
            clips.append(numbers.numpy())
            logits.append(step(windows).numpy().astype(np.float32))
            bar.update(int(clips[-1][-1]) + 1 - bar.n)
    return average_windows(np.concatenate(clips), np.concatenate(logits), n_clips, settings.average)


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
