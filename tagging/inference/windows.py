"""All windows of a clip -> its scores."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import ops
from tqdm import tqdm

from foundation.errors import UserError
from foundation.shards import Shard
from submissions.activations import Activation, mean_of_groups
from tagging.config.schema import Config
from tagging.inference.compiled import compiled
from tagging.pipeline.clips import all_pieces, clip_files, clips_from_files
from tagging.pipeline.pieces import Pieces, audio_windows, feature_sequences

BATCH = 64
"""Windows a batch, also of several clips."""


def inference_step(model: keras.Model) -> Callable:
    """The model as one compiled function (batch, samples) -> logits; make it once, as tracing takes seconds."""
    return compiled(lambda waveform: model(waveform, training=False), model.variables)


class PredictionError(UserError):
    """Clips that cannot be predicted as asked; the message is one line for the user."""


class WindowLogits(NamedTuple):
    """(windows,) clip number, ascending; (windows, classes) float32 logits; (windows,) mean square of the samples."""

    clips: np.ndarray
    logits: np.ndarray
    power: np.ndarray


def pieces_of(config: Config, clips: pd.DataFrame) -> Pieces:
    """How these clips with clean files (audio, or features as `cleaning.features` says) become inputs.

    Raises:
        PredictionError: features of different widths.
    """
    if config.cleaning.features.name is None:
        return pieces_for(config, None)
    if len(bands := sorted(set(clips["bands"]))) != 1:
        raise PredictionError(f"expected features of one width for all clips, received {bands} bands")
    return pieces_for(config, int(bands[0]))


def pieces_for(config: Config, bands: int | None) -> Pieces:
    """The same for features of so many bands; of audio, whatever `bands` is, windows."""
    if config.cleaning.features.name is None or bands is None:
        return audio_windows(config.window, config.cleaning.rate_hz)
    return feature_sequences(config.sequence, bands)


def predict_files(
    step: Callable,
    paths: Sequence[Path],
    pieces: Pieces,
    *,
    jobs: int,
    activation: Activation,
    average: str = "probability",
    description: str | None = None,
) -> np.ndarray:
    """Logits of clean files over all their windows, (files, classes) float32; arguments as below."""
    clips = clips_from_files(paths, pieces, jobs)
    found = predict_windows(step, clips, len(paths), pieces, description=description)
    return average_windows(found, len(paths), average, activation)


def predict_windows(
    step: Callable,
    clips: tf.data.Dataset,
    n_clips: int,
    pieces: Pieces,
    *,
    batch_size: int = BATCH,
    description: str | None = None,
    span: tuple[int, int] | None = None,
) -> WindowLogits:
    """Logits of every window (or piece of a sequence) of every clip.

    Args:
        step: inputs (batch, ...) float32 -> logits (batch, classes), from `inference_step`.
        clips: (clip number, clip as stored), in ascending order, from `clips_from_files`.
        n_clips: how many clip numbers there are.
        pieces: how clips are cut.
        description: of the progress bar; None: no bar.
        span: only the windows from one number on to another, as of a `range`.
    """
    batches = []
    hidden = None if description else True
    with clip_files(), tqdm(total=n_clips, desc=description, unit="clip", disable=hidden) as bar:
        for numbers, inputs in all_pieces(clips, pieces, batch_size, span):
            logits = ops.convert_to_numpy(step(inputs)).astype(np.float32)
            batches.append((numbers.numpy(), logits, _power(inputs.numpy())))
            bar.update(int(batches[-1][0][-1]) + 1 - bar.n)
    return joined_windows([WindowLogits(*batch) for batch in batches])


def predict_shard(
    step: Callable,
    paths: Sequence[Path],
    pieces: Pieces,
    shard: Shard,
    *,
    jobs: int,
    description: str | None = None,
) -> WindowLogits:
    """Logits of the windows in a shard of the batches: joined in order, all shards are what one call predicts.

    A clip may be in two shards. Batches are those of one call, since numbers depend on them in their last digits.

    Args:
        step, pieces, description: as above.
        paths: of all clips.
        shard: which part; shards are consecutive here.
        jobs: clips read in parallel.
    """
    ends = np.cumsum([pieces.count(path.stat().st_size) for path in paths])
    n_batches = -(-int(ends[-1]) // BATCH)
    first, last = (BATCH * (n_batches * number // shard.count) for number in (shard.number - 1, shard.number))
    if first == last:
        return WindowLogits(np.empty(0, int), np.empty((0, 0), np.float32), np.empty(0))
    head = int(np.searchsorted(ends, first, side="right"))
    tail = min(int(np.searchsorted(ends, last)) + 1, len(paths))
    before = int(ends[head - 1]) if head else 0
    clips = clips_from_files(paths[head:tail], pieces, jobs)
    span = (first - before, last - before)
    found = predict_windows(
        step, clips, tail - head, pieces, batch_size=BATCH, description=description, span=span
    )
    return found._replace(clips=found.clips + head)


def joined_windows(parts: Sequence[WindowLogits]) -> WindowLogits:
    """Consecutive windows as one; of shards without any nothing comes."""
    return WindowLogits(*map(np.concatenate, zip(*(part for part in parts if len(part.clips)), strict=True)))


def _power(inputs: np.ndarray) -> np.ndarray:
    """Mean square of each row, (batch,), without padding."""
    rows = inputs.reshape(len(inputs), -1)
    return np.nanmean(np.square(rows), axis=1)


def loudest_windows(windows: WindowLogits, n_clips: int) -> np.ndarray:
    """Logits of each clip's loudest window, the first of equal ones, (n_clips, classes) float32; without any NaN."""
    order = np.lexsort((-windows.power, windows.clips))  # stable
    present, first = np.unique(windows.clips[order], return_index=True)
    result = np.full((n_clips, windows.logits.shape[1]), np.nan, np.float32)
    result[present] = windows.logits[order[first]]
    return result


def average_windows(windows: WindowLogits, n_clips: int, average: str, activation: Activation) -> np.ndarray:
    """The logits of each clip's mean score, or its mean logits, (n_clips, classes) float32; NaN as above.

    Args:
        windows: of all clips.
        n_clips: how many clip numbers there are.
        average: `probability` or `logit`.
        activation: what makes scores of logits.
    """
    present, starts = np.unique(windows.clips, return_index=True)
    mean = mean_of_groups if average == "logit" else activation.mean
    result = np.full((n_clips, windows.logits.shape[1]), np.nan, np.float32)
    result[present] = mean(windows.logits.astype(np.float64), starts)
    return result
