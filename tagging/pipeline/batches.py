"""tf.data pipeline of training: clean files -> pieces -> images -> batches.

Everything random is a function of (seed, epoch, position in the epoch), so that an interrupted training
resumes as if it had not stopped, and two runs see the same batches.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from foundation.errors import UserError
from tagging.augment.batch import Step, as_tensors, last
from tagging.augment.op import Batch
from tagging.augment.settings import AugmentSettings
from tagging.pipeline import windows
from tagging.pipeline.clips import batched, steady
from tagging.pipeline.images import BatchDrawn, ImageSteps
from tagging.pipeline.pieces import AudioWindows, Pieces

_ORDER, _WINDOWS, _AUGMENT, _BACKGROUND, _WAVEFORMS, _BATCHES = range(6)  # streams of random numbers
_BUCKETS = 20  # classes of lengths, at most


class PipelineError(UserError):
    """Batches that cannot be made as asked; the message is one line for the user."""


@dataclass(frozen=True)
class TrainingBatches:
    """The endless supply of a stage: epoch after epoch of (images, labels), or (images, labels, weights).

    A row blended of several clips gets a blend of their weights: a mixture of waveforms the mean of what is heard
    in it, a MixUp of images the mean by its shares.

    Attributes:
        paths: clean files.
        targets: multi-hot labels or values, (clips, classes), float32.
        pieces: what of a clip is taken.
        frontend: inputs of `pieces` (and `Batch.edges_hz`, if they move) -> images.
        augment: what is done to waveforms and images.
        batch_size, seed: items per batch, random seed.
        jobs: clips read in parallel.
        background_paths: clean WAV files of `augment.background`; read only if that is on.
        weights: of the clips in the loss, (clips,), float32; None: batches come without weights.
        augmented: which clips `augment` changes, (clips,), bool; None: all.
        lengths: of the clips in steps, (clips,), where they vary: clips of like length share a batch.
        on_device: the steps up to the images are left to `finished`, as far as they can be.

    Raises:
        PipelineError: backgrounds are wanted, but there are none.
    """

    paths: Sequence[Path]
    targets: np.ndarray
    pieces: Pieces
    frontend: keras.Layer
    augment: AugmentSettings
    batch_size: int
    seed: int
    jobs: int
    background_paths: Sequence[Path] = ()
    weights: np.ndarray | None = None
    augmented: np.ndarray | None = None
    lengths: np.ndarray | None = None
    on_device: bool = False

    def __post_init__(self) -> None:
        probability = self.augment.background.probability
        if probability > 0 and not self.background_paths:
            raise PipelineError(
                f"augment.background.probability={probability:g} needs noisy clips for backgrounds, "
                "received none; set it to 0 or use a data set with noisy clips"
            )

    @property
    def items(self) -> int:
        """Items of an epoch: each clip, and those that `keep_originals` lets come twice (plain and augmented) again."""
        return len(self._clip_of)

    @cached_property
    def _is_augmented(self) -> np.ndarray:
        """Which clips are changed, (clips,) bool."""
        return np.ones(len(self.paths), bool) if self.augmented is None else self.augmented

    @cached_property
    def _clip_of(self) -> np.ndarray:
        """Number of each item's clip, (items,): all clips, then those that come a second time."""
        clips = np.arange(len(self.paths))
        return np.concatenate([clips, clips[self._is_augmented & self.augment.keep_originals]])

    @property
    def steps(self) -> int:
        """Batches of an epoch; the last may be smaller."""
        return -(-self.items // self.batch_size)

    def dataset(self, first_epoch: int, epochs: int) -> tf.data.Dataset:
        """Batches of epochs `first_epoch` to `epochs - 1`, counted from 0, each for `finished`."""
        loaded = self._loaded(first_epoch, epochs)
        return loaded.map(self._begun, num_parallel_calls=self.jobs).prefetch(2).with_options(steady())

    def finished(self, data: tuple) -> tuple:
        """(images, labels) or (images, labels, weights) of what `dataset` yields; nothing random is left to do."""
        return self._images(*self._image_steps.unpacked(data))[: len(data)] if self.on_device else data

    def first_steps(self) -> list[Step]:
        """The first batch of the first epoch: its inputs, and what is left of them after each step up to the images."""
        batch, drawn = self._drawn(*next(iter(self._loaded(0, 1))))
        first = self._image_steps.first_steps(batch, drawn)
        return [*first[:-1], *self._image_steps.steps(*as_tensors((last(first), drawn)))]

    def _loaded(self, first_epoch: int, epochs: int) -> tf.data.Dataset:
        """What `_load` returns, in batches."""
        # Only numbers come out of the nested data sets: work inside them runs at half the speed.
        items = tf.data.Dataset.range(first_epoch, epochs).flat_map(self._items_of)
        return batched(items.map(self._load, num_parallel_calls=self.jobs), self.batch_size)

    def _items_of(self, epoch: tf.Tensor) -> tf.data.Dataset:
        """(epoch, item, clip, seed of its piece) in random order, filled up to whole batches with item -1.

        All numbers of an epoch are drawn at once: an op costs as much for one item as for a thousand.
        """
        shuffled = tf.random.experimental.stateless_shuffle(
            tf.range(self.items, dtype=tf.int64), self._seed(_ORDER, epoch)
        )
        if self.lengths is not None:
            shuffled = tf.gather(shuffled, tf.argsort(tf.gather(self._buckets(), shuffled), stable=True))
        missing = self.steps * self.batch_size - self.items
        filled = tf.pad(shuffled, [[0, missing]], constant_values=-1)
        if self.lengths is not None:
            filled = self._shuffle_batches(filled, epoch)
        clips = tf.gather(tf.constant(self._clip_of), tf.maximum(filled, 0))
        seeds = _folded(self._seed(_WINDOWS, epoch), filled)
        return tf.data.Dataset.from_tensor_slices((tf.fill(tf.shape(filled), epoch), filled, clips, seeds))

    def _buckets(self) -> tf.Tensor:
        """Number of each item's class of lengths, (items,): as many clips in each, in the order of length."""
        assert self.lengths is not None  # noqa: S101  for the type checker
        n_buckets = max(1, min(_BUCKETS, len(self.paths) // self.batch_size))
        edges = np.quantile(self.lengths, np.arange(1, n_buckets) / n_buckets)
        buckets = np.searchsorted(edges, self.lengths, side="right")
        return tf.constant(buckets[self._clip_of])  # an augmented item is as long as the plain one

    def _shuffle_batches(self, items: tf.Tensor, epoch: tf.Tensor) -> tf.Tensor:
        """Whole batches in random order: lengths must not come sorted."""
        order = tf.random.experimental.stateless_shuffle(tf.range(self.steps), self._seed(_BATCHES, epoch))
        return tf.reshape(tf.gather(tf.reshape(items, (self.steps, self.batch_size)), order), [-1])

    def _load(self, epoch: tf.Tensor, item: tf.Tensor, clip: tf.Tensor, seed: tf.Tensor) -> tuple:
        """One piece of an item's clip, and of a background; a fill has one too, which `_images` leaves out."""
        path, label = tf.gather(_strings(self.paths), clip), tf.gather(tf.constant(self.targets), clip)
        piece = self.pieces.draw(self.pieces.read(path), seed)
        return epoch, item, piece, self._background(epoch, item), label

    def _background(self, epoch: tf.Tensor, item: tf.Tensor) -> tf.Tensor:
        """A random piece of a random background, (length,) int16; (0,) where there are no backgrounds."""
        if self.augment.background.probability == 0:
            return tf.zeros([0], tf.int16)
        assert isinstance(self.pieces, AudioWindows)  # noqa: S101  the config has no backgrounds for features
        seeds = tf.random.split(tf.random.fold_in(self._seed(_BACKGROUND, epoch), item), 2)
        clip = tf.random.stateless_uniform([], seeds[0], 0, len(self.background_paths), tf.int32)
        background = self.pieces.read(_strings(self.background_paths)[clip])
        return windows.loudest_window(background, self.pieces.length, 1, seeds[1])

    @cached_property
    def _image_steps(self) -> ImageSteps:
        return ImageSteps(self.pieces, self.frontend, self.augment, on_host=not self.on_device)

    def _drawn(
        self,
        epochs: tf.Tensor,
        items: tf.Tensor,
        stored: tf.Tensor,
        backgrounds: tf.Tensor,
        labels: tf.Tensor,
    ) -> tuple[Batch, BatchDrawn]:
        """A batch without its fills, its pieces as they are stored, and what is random in what follows."""
        real = items >= 0
        stored, backgrounds, labels, shown = (
            tf.boolean_mask(part, real) for part in (stored, backgrounds, labels, items)
        )
        clips = tf.gather(tf.constant(self._clip_of), shown)
        is_augmented = tf.gather(tf.constant(self._is_augmented), clips)
        if self.augment.keep_originals:
            is_augmented = shown >= len(self.paths)
        image_seed, waveform_seed = (
            tf.random.fold_in(self._seed(stream, epochs[0]), items[0]) for stream in (_AUGMENT, _WAVEFORMS)
        )
        under = backgrounds if self.augment.background.enabled else None
        batch = Batch(stored, labels, self._weights_of(clips), is_augmented, under)
        return batch, self._image_steps.draw(stored, waveform_seed, image_seed)

    def _begun(self, *loaded: tf.Tensor) -> tuple:
        """What `dataset` yields of a batch."""
        batch, drawn = self._drawn(*loaded)
        batch = last(self._image_steps.first_steps(batch, drawn))
        made = self._image_steps.packed(batch, drawn) if self.on_device else self._images(batch, drawn)
        return made if self.weights is not None else made[:2]

    def _images(self, batch: Batch, drawn: BatchDrawn) -> tuple:
        batch = last(self._image_steps.steps(batch, drawn))
        return batch.inputs, batch.labels, batch.weights

    def _weights_of(self, clips: tf.Tensor) -> tf.Tensor:
        if self.weights is None:
            return tf.ones_like(clips, tf.float32)
        return tf.gather(tf.constant(self.weights, tf.float32), clips)

    def _seed(self, stream: int, epoch: tf.Tensor) -> tf.Tensor:
        return tf.random.fold_in(tf.constant([self.seed, stream], tf.int64), epoch)


def _strings(paths: Sequence[Path]) -> tf.Tensor:
    return tf.constant([str(path) for path in paths])


def _folded(seed: tf.Tensor, items: tf.Tensor) -> tf.Tensor:
    """`tf.random.fold_in(seed, item)` of all items, (items, 2): its first number is the same for each of them."""
    first = tf.random.fold_in(seed, items[0])[0]
    return tf.stack([tf.fill(tf.shape(items), first), items], axis=1)
