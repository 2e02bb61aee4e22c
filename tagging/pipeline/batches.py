"""tf.data pipelines: clean files -> windows -> images -> batches.

Everything random is a function of (seed, epoch, position in the epoch), so that an interrupted training
goes on as if it had not stopped, and two runs see the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from preprocessing.folder import HEADER_BYTES
from tagging.augment.batch import augment_batch
from tagging.augment.settings import AugmentSettings
from tagging.pipeline import windows

_ORDER, _WINDOWS, _AUGMENT = range(3)  # streams of random numbers


@dataclass(frozen=True)
class TrainingBatches:
    """The endless supply of a stage: epoch after epoch of (images, labels).

    Attributes:
        paths: clean WAV files.
        targets: multi-hot labels, (clips, classes), float32.
        frontend: layer (batch, samples) -> images.
        length: window length in samples.
        candidates: random windows to choose from, see `windows.loudest_window`.
        augment: what is done to the images.
        batch_size, seed: as they say.
        jobs: clips read in parallel.
    """

    paths: Sequence[Path]
    targets: np.ndarray
    frontend: Callable
    length: int
    candidates: int
    augment: AugmentSettings
    batch_size: int
    seed: int
    jobs: int

    @property
    def items(self) -> int:
        """Items of an epoch: each clip, or each clip twice (plain and augmented)."""
        return len(self.paths) * (2 if self.augment.keep_originals else 1)

    @property
    def steps(self) -> int:
        """Batches of an epoch; the last may be smaller."""
        return -(-self.items // self.batch_size)

    def dataset(self, first_epoch: int, epochs: int) -> tf.data.Dataset:
        """Batches of epochs `first_epoch` to `epochs - 1`, counted from 0."""
        # Only numbers come out of the nested data sets: work inside them runs at half the speed.
        items = tf.data.Dataset.range(first_epoch, epochs).flat_map(self._items_of)
        windows_of_clips = items.map(self._load, num_parallel_calls=self.jobs).batch(self.batch_size)
        images = windows_of_clips.map(self._images, num_parallel_calls=self.jobs)
        return images.prefetch(2).with_options(_options())

    def _items_of(self, epoch: tf.Tensor) -> tf.data.Dataset:
        """(epoch, item) in random order, filled up to whole batches with item -1."""
        shuffled = tf.random.experimental.stateless_shuffle(
            tf.range(self.items, dtype=tf.int64), self._seed(_ORDER, epoch)
        )
        missing = self.steps * self.batch_size - self.items
        filled = tf.pad(shuffled, [[0, missing]], constant_values=-1)
        return tf.data.Dataset.from_tensor_slices((tf.fill(tf.shape(filled), epoch), filled))

    def _load(self, epoch: tf.Tensor, item: tf.Tensor) -> tuple:
        """One window of an item's clip; a fill has one too, which `_images` leaves out."""
        clip = tf.maximum(item, 0) % len(self.paths)
        path, label = tf.constant([str(p) for p in self.paths])[clip], tf.constant(self.targets)[clip]
        seed = tf.random.fold_in(self._seed(_WINDOWS, epoch), item)
        window = windows.loudest_window(read_pcm16(path), self.length, self.candidates, seed)
        return epoch, item, window, label

    def _images(self, epochs: tf.Tensor, items: tf.Tensor, pcm: tf.Tensor, labels: tf.Tensor) -> tuple:
        real = items >= 0
        pcm, labels = tf.boolean_mask(pcm, real), tf.boolean_mask(labels, real)
        is_augmented = (items[real] >= len(self.paths)) | (not self.augment.keep_originals)
        seed = tf.random.fold_in(self._seed(_AUGMENT, epochs[0]), items[0])
        return augment_batch(self.frontend(to_float(pcm)), labels, is_augmented, seed, self.augment)

    def _seed(self, stream: int, epoch: tf.Tensor) -> tf.Tensor:
        return tf.random.fold_in(tf.constant([self.seed, stream], tf.int64), epoch)


def read_pcm16(path: tf.Tensor) -> tf.Tensor:
    """Samples of one of our own clean files, (samples,) int16; half the time of `tf.audio.decode_wav`."""
    return tf.io.decode_raw(tf.strings.substr(tf.io.read_file(path), HEADER_BYTES, -1), tf.int16)


def to_float(pcm: tf.Tensor) -> tf.Tensor:
    """int16 -> float32 in [-1, 1)."""
    return tf.cast(pcm, tf.float32) / 32768.0


def waveforms_from_files(paths: Sequence[Path], jobs: int) -> tf.data.Dataset:
    """(clip number, int16 samples) of clean files, in their order."""
    numbered = tf.data.Dataset.from_tensor_slices([str(p) for p in paths]).enumerate()
    return numbered.map(lambda i, path: (i, read_pcm16(path)), num_parallel_calls=jobs)


def window_batches(waveforms: tf.data.Dataset, length: int, hop: int, batch_size: int) -> tf.data.Dataset:
    """(clip number (batch,), windows (batch, length) float32): every window of every clip at the hop."""

    def split(clip: tf.Tensor, pcm: tf.Tensor) -> tf.data.Dataset:
        pcm = windows.tile(pcm, length)
        starts = tf.data.Dataset.from_tensor_slices(windows.window_starts(tf.size(pcm), length, hop))
        return starts.map(lambda s: (clip, tf.ensure_shape(pcm[s : s + length], (length,))))

    batches = waveforms.flat_map(split).batch(batch_size)
    return batches.map(lambda clips, pcm: (clips, to_float(pcm))).prefetch(2).with_options(_options())


def _options() -> Any:
    options = tf.data.Options()
    options.autotune.enabled = False  # autotuning stalls the end of an epoch for up to seconds
    return options
