"""Random resized crop: a piece of the frame or band axis, stretched to the whole."""

import tensorflow as tf

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


def apply_crop(images: tf.Tensor, starts: tf.Tensor, shares: tf.Tensor, axis: int) -> tf.Tensor:
    """Images whose `axis` shows only [start, start + share] of itself, resampled linearly to its old length.

    Over both axes in turn this is the bilinear resize of a rectangle. Start 0 and share 1 change no bit.

    Args:
        images: (batch, frames, bands, channels) float32.
        starts, shares: (batch,) float32, of the distance from the first to the last frame or band.
        axis: FRAMES or BANDS of `spec_augment`.
    """
    length = tf.shape(images)[axis]
    position = tf.cast(tf.range(length), tf.float32)
    first = starts * tf.cast(length - 1, tf.float32)
    return resample(images, first[:, tf.newaxis] + shares[:, tf.newaxis] * position, axis)
