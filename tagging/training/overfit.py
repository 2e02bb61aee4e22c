"""A check that a network can learn at all: the same few batches, until it knows them by heart."""

from dataclasses import dataclass, replace
from functools import cached_property

import tensorflow as tf

from tagging.augment.settings import AugmentSettings
from tagging.pipeline.batches import TrainingBatches
from tagging.pipeline.clips import steady


@dataclass(frozen=True)
class FirstBatches:
    """The first batches of the first epoch, the same in every epoch and in the same order, without augmentation.

    Attributes:
        batches: of the stage.
        n: how many of them, at most.
    """

    batches: TrainingBatches
    n: int

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return min(self.n, self._plain.steps)

    def dataset(self, first_epoch: int, epochs: int) -> tf.data.Dataset:
        """Batches of epochs `first_epoch` to `epochs - 1`, counted from 0."""
        first = self._plain.dataset(0, 1).take(self.steps).cache()
        return first.repeat(epochs - first_epoch).with_options(steady())

    def finished(self, data: tuple) -> tuple:
        """As of `TrainingBatches`."""
        return self._plain.finished(data)

    @cached_property
    def _plain(self) -> TrainingBatches:
        return replace(self.batches, augment=AugmentSettings())
