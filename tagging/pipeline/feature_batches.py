"""tf.data pipeline of a head on a frozen backbone: features that were computed once, epoch after epoch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from tagging.pipeline.clips import steady


def view_type(shape: Sequence[int], n_classes: int) -> np.dtype:
    """One row of a view: features of this shape, labels, and the weight in the loss."""
    return np.dtype(
        [("features", np.float32, tuple(shape)), ("labels", np.float32, n_classes), ("weight", np.float32)]
    )


@dataclass(frozen=True)
class FeatureBatches:
    """The supply of a head, epoch after epoch: (features, labels), or (features, labels, weights).

    The first epochs are the views as they are, and so those of `TrainingBatches`; later ones go through the views
    again, each time in another order.

    Attributes:
        views: (items,) each of `view_type`, in memory or in files.
        batch_size, seed: items per batch, random seed.
        weighted: whether batches have weights.
    """

    views: Sequence[np.ndarray]
    batch_size: int
    seed: int
    weighted: bool

    @property
    def steps(self) -> int:
        """Batches of an epoch; the last may be smaller."""
        return -(-len(self.views[0]) // self.batch_size)

    def dataset(self, first_epoch: int, epochs: int) -> tf.data.Dataset:
        """Batches of epochs `first_epoch` to `epochs - 1`, counted from 0."""
        row = self.views[0].dtype
        parts = [tf.TensorSpec((None, *row[name].shape), tf.float32) for name in ("features", "labels")]
        if self.weighted:
            parts.append(tf.TensorSpec((None,), tf.float32))
        batches = tf.data.Dataset.from_generator(
            lambda: self._batches(first_epoch, epochs), output_signature=tuple(parts)
        )
        return batches.prefetch(2).with_options(steady())

    def finished(self, data: tuple) -> tuple:
        """As of `TrainingBatches`: there is nothing left to do."""
        return data

    def _batches(self, first_epoch: int, epochs: int) -> Iterator[tuple[np.ndarray, ...]]:
        for epoch in range(first_epoch, epochs):
            view, order = self.views[epoch % len(self.views)], self._order(epoch)
            for start in range(0, len(order), self.batch_size):
                rows = view[order[start : start + self.batch_size]]
                yield (rows["features"], rows["labels"], rows["weight"])[: 2 + self.weighted]

    def _order(self, epoch: int) -> np.ndarray:
        items = np.arange(len(self.views[0]))
        return (
            items if epoch < len(self.views) else np.random.default_rng([self.seed, epoch]).permutation(items)
        )
