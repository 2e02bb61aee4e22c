"""Waveforms of other clips of the batch, added to a clip's own."""

from typing import Any

import tensorflow as tf
from keras import ops

from tagging.augment.levels import draw_levels_db, level_factors


def draw_mix(
    batch: tf.Tensor, probability: float, limits_db: tuple[float, float], most: int, seed: tf.Tensor
) -> tf.Tensor:
    """Levels of the next rows relative to each row, (batch, most) float32 dB; -inf: not in the mixture.

    A mixture is drawn with `probability`, the number of others in it uniformly from 1 to `most`.

    Args:
        batch: number of rows, scalar.
        probability: share of the rows that get any other.
        limits_db: lowest and highest level of another row relative to the row's own.
        most: largest number of others.
        seed: (2,) integers.
    """
    seeds = tf.random.split(seed, 3)
    levels_db = draw_levels_db((batch, most), 1.0, *limits_db, seeds[0])
    is_mixed = tf.random.stateless_uniform((batch, 1), seeds[1]) < probability
    others = tf.random.stateless_uniform((batch, 1), seeds[2], 1, most + 1, tf.int32)
    is_in = is_mixed & (tf.range(most) < others)
    return tf.where(is_in, levels_db, -float("inf"))


def apply_mix(waves: Any, labels: Any, weights: Any, levels_db: Any):
    """Each row and the next ones at their levels; the labels of all that can be heard are OR-ed.

    The row's own waveform is in the sum as it is. A row alone stays bit for bit: all its levels are -inf, it or
    the others are silent, or the batch has no other row. The sum may pass full scale: `apply_gain` comes later.

    Args:
        waves: (batch, samples) float32.
        labels: (batch, classes) float32.
        weights: (batch,) float32. A mixture gets the mean of the weights of what is heard in it: its labels
            are as sure as those of its clips on average.
        levels_db: (batch, most) float32; column k is of the row k + 1 further on, the last followed by the first.

    Returns:
        waves, labels, weights: as given.
    """
    mixed, all_labels, total, heard = waves, labels, weights, ops.ones_like(weights)
    for column in range(levels_db.shape[1]):
        step = column + 1
        others = ops.roll(waves, -step, axis=0)
        factors = level_factors(waves, others, levels_db[:, column])
        factors = ops.where(step < ops.shape(waves)[0], factors, 0.0)
        is_heard = ops.cast(factors > 0, "float32")
        mixed += factors[:, None] * others
        all_labels = ops.maximum(all_labels, is_heard[:, None] * ops.roll(labels, -step, axis=0))
        total += is_heard * ops.roll(weights, -step, axis=0)
        heard += is_heard
    return mixed, all_labels, total / heard
