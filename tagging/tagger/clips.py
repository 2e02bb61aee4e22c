"""A whole clip, cleaned and scored by one run, as `predict.py` does it."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import tensorflow as tf

from preprocessing.chain import CleanStream
from preprocessing.errors import DecodeError
from preprocessing.features import compute_features
from preprocessing.manifest import check_fingerprint
from preprocessing.settings import CleaningSettings
from preprocessing.stored import read_stored
from preprocessing.stream import FileSound, Sound
from tagging.config.schema import Config
from tagging.datasets.cleaned import clean_home
from tagging.datasets.sources import TEST
from tagging.inference.windows import WindowLogits, average_windows
from tagging.pipeline.pieces import FeatureSequences, Pieces, audio_windows, feature_sequences
from tagging.tagger.network import WindowNetwork
from tagging.tagger.windows import ALL_SILENCE, batch_size, batches, cut_windows

CleanClip = CleanStream | np.ndarray
"""Clean audio, or features (steps, bands) float32."""


def clean_clip(sound: Sound, cleaning: CleaningSettings) -> CleanClip:
    """A raw clip as the test clips of a run are cleaned; features take all of it into memory.

    A file of a clean folder is taken as it is, so that its silence is not removed twice.

    Raises:
        DecodeError: audio that cannot be used.
        CleanFolderError: see `clean_folder`.
    """
    is_audio = cleaning.features.name is None
    if isinstance(sound, FileSound) and clean_folder(sound.path, cleaning):
        if not is_audio:
            return read_stored(sound.path)
        cleaning = replace(cleaning, remove_silence=False)
    clean = CleanStream(sound, cleaning, TEST)
    if is_audio:
        return clean
    pcm = clean.pcm()
    if not len(pcm):
        raise DecodeError(ALL_SILENCE)
    return compute_features(pcm, cleaning.rate_hz, cleaning.features)[0]


def clean_folder(path: Path, cleaning: CleaningSettings) -> Path | None:
    """The clean folder that a file lies in; None: it is raw.

    Raises:
        CleanFolderError: the folder was made by other rules.
    """
    home = clean_home(Path(os.path.abspath(path)))
    if home:
        check_fingerprint(home, cleaning)
    return home


def score_clip(network: WindowNetwork, clip: CleanClip) -> tuple[np.ndarray, np.ndarray]:
    """(logits (1, classes) float32 of the mean over all windows, mean of the windows' features (n,) float32)."""
    config = network.run.config
    pieces, inputs = _inputs(config, clip)
    found = [network(pieces, batch) for batch in inputs]
    logits, features = (np.concatenate(part) for part in zip(*found, strict=True))
    windows = WindowLogits(np.zeros(len(logits), np.int64), logits, np.empty(0))
    activation = network.run.kind.activation
    return average_windows(windows, 1, config.window.average, activation), features.mean(axis=0)


def _inputs(config: Config, clip: CleanClip) -> tuple[Pieces, Iterable[np.ndarray]]:
    """How the clip is cut, and its pieces in batches."""
    if isinstance(clip, np.ndarray):
        sequences = feature_sequences(config.sequence, clip.shape[1])
        return sequences, _of_sequence(sequences, clip)
    windows = audio_windows(config.window, config.cleaning.rate_hz)
    cut = batches(cut_windows(clip, windows), batch_size(windows.length))
    return windows, (samples for _, samples in cut)


def _of_sequence(pieces: FeatureSequences, clip: np.ndarray) -> Iterator[np.ndarray]:
    """All pieces of one clip are of one length, so that a batch needs no padding."""
    filled, starts = pieces.starts(tf.constant(clip))
    size = batch_size(pieces.max_steps * pieces.bands)
    for first in range(0, len(starts), size):
        yield np.stack([pieces.cut(filled, start).numpy() for start in starts[first : first + size]])
