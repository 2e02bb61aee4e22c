"""SpecAugment's masks: pieces of the frame or band axis set to 0, silence (the mean of a band, if standardised)."""

from typing import Any

import tensorflow as tf
from keras import ops

FRAMES, BANDS = 1, 2  # axes of (batch, frames, bands, channels)


def draw_masks(batch: tf.Tensor, length: int, masks: int, max_width: int, seed: tf.Tensor):
    """Random masks of each image along an axis.

    Widths are uniform over 0 .. max_width, then starts over all places where the mask fits: Park et al.
    2019, arXiv:1904.08779, section 2 (which leaves out the last place of each).

    Args:
        batch: number of images, scalar.
        length: frames or bands of an image.
        masks: masks of each image.
        max_width: widest mask, at most `length`.
        seed: (2,) integers.

    Returns:
        starts, widths: (batch, masks) int32 each.
    """
    seeds = tf.random.split(seed, 2)
    shape = (batch, masks)
    widths = tf.random.stateless_uniform(shape, seeds[0], maxval=max_width + 1, dtype=tf.int32)
    return _draw_below(length - widths + 1, seeds[1]), widths


def draw_masks_within(lengths: tf.Tensor, masks: int, max_share: float, seed: tf.Tensor):
    """As `draw_masks`, of images that have each their own number of frames before their padding.

    Args:
        lengths: (batch,) int32, frames of each image.
        masks: masks of each image.
        max_share: widest mask as a share of the image's own length, rounded to whole frames.
        seed: (2,) integers.

    Returns:
        starts, widths: (batch, masks) int32 each; start + width is at most the image's length.
    """
    seeds = tf.random.split(seed, 2)
    lengths = tf.tile(lengths[:, tf.newaxis], [1, masks])
    widest = tf.cast(tf.round(max_share * tf.cast(lengths, tf.float32)), tf.int32)
    widths = _draw_below(widest + 1, seeds[0])
    return _draw_below(lengths - widths + 1, seeds[1]), widths


def _draw_below(limits: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Integers, uniform over 0 .. limit - 1; limits (batch, masks) int32."""
    share = tf.random.stateless_uniform(tf.shape(limits), seed)
    drawn = tf.cast(share * tf.cast(limits, tf.float32), tf.int32)
    return tf.minimum(drawn, limits - 1)  # the product can round up to the limit


def apply_masks(images: Any, starts: Any, widths: Any, axis: int) -> Any:
    """Images with [start, start + width) of `axis` (FRAMES or BANDS) set to 0; NaN, padding, stays NaN.

    Args:
        images: (batch, frames, bands, channels).
        starts, widths: (batch, masks) int32.
    """
    position = ops.arange(ops.shape(images)[axis])
    first = starts[:, :, None]
    inside = (position >= first) & (position < first + widths[:, :, None])
    masked = ops.any(inside, axis=1)  # (batch, length)
    masked = masked[:, :, None, None] if axis == FRAMES else masked[:, None, :, None]
    return ops.where(masked & ~ops.isnan(images), 0.0, images)


def own_lengths(sequences: tf.Tensor) -> tf.Tensor:
    """Steps of each row (batch, steps, bands) before its padding, (batch,) int32."""
    is_sound = ~tf.math.is_nan(sequences[:, :, 0])
    return tf.reduce_sum(tf.cast(is_sound, tf.int32), axis=1)
