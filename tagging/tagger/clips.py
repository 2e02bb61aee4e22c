"""A whole clip, cleaned and scored by one run, as `predict.py` does it."""

from collections.abc import Iterable, Iterator

import numpy as np
import tensorflow as tf

from preprocessing.clean_stream import CleanStream
from preprocessing.features import compute_features
from preprocessing.settings import CleaningSettings
from preprocessing.stream import Sound
from tagging.config import Config
from tagging.datasets.sources import TEST
from tagging.kinds import KINDS
from tagging.pipeline.pieces import FeatureSequences, Pieces, audio_windows, feature_sequences
from tagging.prediction import WindowLogits, average_windows
from tagging.tagger.network import WindowNetwork
from tagging.tagger.windows import batches, cut_windows

CleanClip = CleanStream | np.ndarray
"""Clean audio, or features (steps, bands) float32."""


def clean_clip(sound: Sound, cleaning: CleaningSettings) -> CleanClip:
    """A raw clip as the test clips of a run are cleaned; features take all of it into memory.

    Raises:
        DecodeError: audio that cannot be used.
    """
    clean = CleanStream(sound, cleaning, TEST)
    if cleaning.features.name is None:
        return clean
    return compute_features(np.concatenate(list(clean)), cleaning.rate_hz, cleaning.features)[0]


def score_clip(network: WindowNetwork, clip: CleanClip, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    """(logits (1, classes) float32 of the mean over all windows, mean of the windows' features (n,) float32)."""
    config = network.run.config
    pieces, inputs = _inputs(config, clip, batch_size)
    found = [network(pieces, batch) for batch in inputs]
    logits, features = (np.concatenate(part) for part in zip(*found, strict=True))
    windows = WindowLogits(np.zeros(len(logits), np.int64), logits, np.empty(0))
    activation = KINDS[network.run.task].activation
    return average_windows(windows, 1, config.window.average, activation), features.mean(axis=0)


def _inputs(config: Config, clip: CleanClip, batch_size: int) -> tuple[Pieces, Iterable[np.ndarray]]:
    """How the clip is cut, and its pieces in batches."""
    if isinstance(clip, np.ndarray):
        sequences = feature_sequences(config.sequence, clip.shape[1])
        return sequences, _of_sequence(sequences, clip, batch_size)
    windows = audio_windows(config.window, config.cleaning.rate_hz)
    return windows, (samples for _, samples in batches(cut_windows(clip, windows), batch_size))


def _of_sequence(pieces: FeatureSequences, clip: np.ndarray, batch_size: int) -> Iterator[np.ndarray]:
    """All pieces of one clip are of one length, so that a batch needs no padding."""
    filled, starts = pieces.starts(tf.constant(clip))
    for first in range(0, len(starts), batch_size):
        yield np.stack([pieces.cut(filled, start).numpy() for start in starts[first : first + batch_size]])
