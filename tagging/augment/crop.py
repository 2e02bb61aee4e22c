"""Random resized crop: a piece of the frame or band axis, stretched to the whole."""

from typing import Any

import tensorflow as tf
from keras import ops

from tagging.augment.resample import resample


def draw_crop(batch: tf.Tensor, min_share: float, seed: tf.Tensor):
    """Random pieces of an axis: shares uniform over min_share .. 1, then starts over all places where they fit.

    Args:
        batch: number of images, scalar.
        min_share: over 0, up to 1.
        seed: (2,) integers.

    Returns:
        starts, shares: (batch,) float32 each, as shares of the axis; start + share <= 1.
    """
    seeds = tf.random.split(seed, 2)
    shares = 1.0 - (1.0 - min_share) * tf.random.stateless_uniform([batch], seeds[0])
    return (1.0 - shares) * tf.random.stateless_uniform([batch], seeds[1]), shares


def apply_crop(images: Any, starts: Any, shares: Any, axis: int) -> Any:
    """Images whose `axis` shows only [start, start + share] of itself, resampled linearly to its old length.

    Over both axes in turn this is the bilinear resize of a rectangle. Start 0 and share 1 change no bit.

    Args:
        images: (batch, frames, bands, channels) float32.
        starts, shares: (batch,) float32, of the distance from the first to the last frame or band.
        axis: FRAMES or BANDS of `spec_augment`.
    """
    length = ops.shape(images)[axis]
    position = ops.cast(ops.arange(length), "float32")
    first = starts * ops.cast(length - 1, "float32")
    return resample(images, first[:, None] + shares[:, None] * position, axis)
