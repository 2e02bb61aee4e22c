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
from tagging.pipeline.order import AUGMENT, BACKGROUND, WAVEFORMS, EpochOrder, seed_of
from tagging.pipeline.pieces import AudioWindows, Pieces


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
        return self._order.items

    @cached_property
    def _is_augmented(self) -> np.ndarray:
        """Which clips are changed, (clips,) bool."""
        return np.ones(len(self.paths), bool) if self.augmented is None else self.augmented

    @cached_property
    def _order(self) -> EpochOrder:
        """All clips, then those that come a second time."""
        clips = np.arange(len(self.paths))
        again = clips[self._is_augmented & self.augment.keep_originals]
        return EpochOrder(np.concatenate([clips, again]), self.batch_size, self.seed, self.lengths)

    @property
    def steps(self) -> int:
        """Batches of an epoch; the last may be smaller."""
        return self._order.steps

    @tf.autograph.experimental.do_not_convert
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

    @tf.autograph.experimental.do_not_convert
    def _loaded(self, first_epoch: int, epochs: int) -> tf.data.Dataset:
        """What `_load` returns, in batches."""
        # Only numbers come out of the nested data sets: work inside them runs at half the speed.
        items = tf.data.Dataset.range(first_epoch, epochs).flat_map(self._order.items_of)
        return batched(items.map(self._load, num_parallel_calls=self.jobs), self.batch_size)

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
        seeds = tf.random.split(tf.random.fold_in(seed_of(self.seed, BACKGROUND, epoch), item), 2)
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
        clips = tf.gather(tf.constant(self._order.clip_of), shown)
        is_augmented = tf.gather(tf.constant(self._is_augmented), clips)
        if self.augment.keep_originals:
            is_augmented = shown >= len(self.paths)
        image_seed, waveform_seed = (
            tf.random.fold_in(seed_of(self.seed, stream, epochs[0]), items[0])
            for stream in (AUGMENT, WAVEFORMS)
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


def _strings(paths: Sequence[Path]) -> tf.Tensor:
    return tf.constant([str(path) for path in paths])
