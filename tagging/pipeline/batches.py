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
from tagging.augment.batch import augment_batch, mixup_shares
from tagging.augment.mixup import blend
from tagging.augment.settings import AugmentSettings
from tagging.augment.waveforms import augment_waveforms
from tagging.pipeline import windows

_ORDER, _WINDOWS, _AUGMENT, _BACKGROUND, _WAVEFORMS = range(5)  # streams of random numbers


class PipelineError(ValueError):
    """Batches that cannot be made as asked; the message is one line for the user."""


@dataclass(frozen=True)
class TrainingBatches:
    """The endless supply of a stage: epoch after epoch of (images, labels), or (images, labels, weights).

    A row blended of several clips gets a blend of their weights: a mixture of waveforms the mean of what is heard
    in it, a MixUp of images the mean by its shares.

    Attributes:
        paths: clean WAV files.
        targets: multi-hot labels, (clips, classes), float32.
        frontend: layer (batch, samples) -> images.
        length: window length in samples.
        candidates: random windows to choose from, see `windows.loudest_window`.
        augment: what is done to waveforms and images.
        batch_size, seed: as they say.
        jobs: clips read in parallel.
        background_paths: clean WAV files of `augment.background`; read only if that is on.
        weights: of the clips in the loss, (clips,), float32; None: batches come without weights.

    Raises:
        PipelineError: backgrounds are wanted, but there are none.
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
    background_paths: Sequence[Path] = ()
    weights: np.ndarray | None = None

    def __post_init__(self) -> None:
        probability = self.augment.background.probability
        if probability > 0 and not self.background_paths:
            raise PipelineError(
                f"augment.background.probability={probability:g} needs noisy clips for backgrounds, "
                "received none; set it to 0 or use a data set with noisy clips"
            )

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
        """One window of an item's clip, and of a background; a fill has one too, which `_images` leaves out."""
        clip = tf.maximum(item, 0) % len(self.paths)
        path, label = _strings(self.paths)[clip], tf.constant(self.targets)[clip]
        seed = tf.random.fold_in(self._seed(_WINDOWS, epoch), item)
        window = windows.loudest_window(read_pcm16(path), self.length, self.candidates, seed)
        return epoch, item, window, self._background(epoch, item), label

    def _background(self, epoch: tf.Tensor, item: tf.Tensor) -> tf.Tensor:
        """A random window of a random background, (length,) int16; (0,) where there are no backgrounds."""
        if self.augment.background.probability == 0:
            return tf.zeros([0], tf.int16)
        seeds = tf.random.split(tf.random.fold_in(self._seed(_BACKGROUND, epoch), item), 2)
        clip = tf.random.stateless_uniform([], seeds[0], 0, len(self.background_paths), tf.int32)
        pcm = read_pcm16(_strings(self.background_paths)[clip])
        return windows.loudest_window(pcm, self.length, 1, seeds[1])

    def _images(
        self, epochs: tf.Tensor, items: tf.Tensor, pcm: tf.Tensor, backgrounds: tf.Tensor, labels: tf.Tensor
    ) -> tuple:
        real = items >= 0
        pcm, backgrounds, labels, clips = (
            tf.boolean_mask(part, real) for part in (pcm, backgrounds, labels, items % len(self.paths))
        )
        is_augmented = (items[real] >= len(self.paths)) | (not self.augment.keep_originals)
        seed, waveform_seed = (
            tf.random.fold_in(self._seed(stream, epochs[0]), items[0]) for stream in (_AUGMENT, _WAVEFORMS)
        )
        waves, labels, weights = augment_waveforms(
            to_float(pcm),
            labels,
            self._weights_of(clips),
            to_float(backgrounds),
            is_augmented,
            waveform_seed,
            self.augment,
        )
        images, labels = augment_batch(self.frontend(waves), labels, is_augmented, seed, self.augment)
        if self.weights is None:
            return images, labels
        return images, labels, blend(weights, mixup_shares(is_augmented, seed, self.augment.mixup))

    def _weights_of(self, clips: tf.Tensor) -> tf.Tensor:
        if self.weights is None:
            return tf.ones_like(clips, tf.float32)
        return tf.gather(tf.constant(self.weights, tf.float32), clips)

    def _seed(self, stream: int, epoch: tf.Tensor) -> tf.Tensor:
        return tf.random.fold_in(tf.constant([self.seed, stream], tf.int64), epoch)


def _strings(paths: Sequence[Path]) -> tf.Tensor:
    return tf.constant([str(path) for path in paths])


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
