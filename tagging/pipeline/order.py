"""The order of an epoch, and the seeds of what is random in it."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

ORDER, WINDOWS, AUGMENT, BACKGROUND, WAVEFORMS, BATCHES = range(6)  # streams of random numbers
_BUCKETS = 20  # classes of lengths, at most


def seed_of(seed: int, stream: int, epoch: tf.Tensor) -> tf.Tensor:
    """Two integers for the random numbers of a stream in an epoch."""
    return tf.random.fold_in(tf.constant([seed, stream], tf.int64), epoch)


@dataclass(frozen=True)
class EpochOrder:
    """Which item comes when: another order in each epoch, the same for the same seed.

    Attributes:
        clip_of: number of each item's clip, (items,).
        batch_size, seed: items per batch, random seed.
        lengths: of the clips in steps, (clips,): clips of like length share a batch; None: no matter which do.
    """

    clip_of: np.ndarray
    batch_size: int
    seed: int
    lengths: np.ndarray | None = None

    @property
    def items(self) -> int:
        """Items of an epoch."""
        return len(self.clip_of)

    @property
    def steps(self) -> int:
        """Batches of an epoch; the last may be smaller."""
        return -(-self.items // self.batch_size)

    def items_of(self, epoch: tf.Tensor) -> tf.data.Dataset:
        """(epoch, item, clip, seed of its piece) in random order, filled up to whole batches with item -1.

        All numbers of an epoch are drawn at once: an op costs as much for one item as for a thousand.
        """
        shuffled = tf.random.experimental.stateless_shuffle(
            tf.range(self.items, dtype=tf.int64), seed_of(self.seed, ORDER, epoch)
        )
        if self.lengths is not None:
            shuffled = tf.gather(shuffled, tf.argsort(tf.gather(self._buckets(), shuffled), stable=True))
        missing = self.steps * self.batch_size - self.items
        filled = tf.pad(shuffled, [[0, missing]], constant_values=-1)
        if self.lengths is not None:
            filled = self._shuffle_batches(filled, epoch)
        clips = tf.gather(tf.constant(self.clip_of), tf.maximum(filled, 0))
        seeds = _folded(seed_of(self.seed, WINDOWS, epoch), filled)
        return tf.data.Dataset.from_tensor_slices((tf.fill(tf.shape(filled), epoch), filled, clips, seeds))

    def _buckets(self) -> tf.Tensor:
        """Number of each item's class of lengths, (items,): as many clips in each, in the order of length."""
        assert self.lengths is not None  # noqa: S101  for the type checker
        n_buckets = max(1, min(_BUCKETS, len(self.lengths) // self.batch_size))
        edges = np.quantile(self.lengths, np.arange(1, n_buckets) / n_buckets)
        buckets = np.searchsorted(edges, self.lengths, side="right")
        return tf.constant(buckets[self.clip_of])  # an augmented item is as long as the plain one

    def _shuffle_batches(self, items: tf.Tensor, epoch: tf.Tensor) -> tf.Tensor:
        """Whole batches in random order: lengths must not come sorted."""
        order = tf.random.experimental.stateless_shuffle(
            tf.range(self.steps), seed_of(self.seed, BATCHES, epoch)
        )
        return tf.reshape(tf.gather(tf.reshape(items, (self.steps, self.batch_size)), order), [-1])


def _folded(seed: tf.Tensor, items: tf.Tensor) -> tf.Tensor:
    """`tf.random.fold_in(seed, item)` of all items, (items, 2): its first number is the same for each of them."""
    first = tf.random.fold_in(seed, items[0])[0]
    return tf.stack([tf.fill(tf.shape(items), first), items], axis=1)
