"""SpecAugment's masks: pieces of the frame or band axis set to silence."""

import tensorflow as tf

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
    places = length - widths + 1
    share = tf.random.stateless_uniform(shape, seeds[1])
    starts = tf.cast(share * tf.cast(places, tf.float32), tf.int32)
    return tf.minimum(starts, places - 1), widths  # the product can round up to `places`


def apply_masks(images: tf.Tensor, starts: tf.Tensor, widths: tf.Tensor, axis: int) -> tf.Tensor:
    """Images with [start, start + width) of `axis` (FRAMES or BANDS) set to 0, silence.

    Args:
        images: (batch, frames, bands, channels).
        starts, widths: (batch, masks) int32.
    """
    position = tf.range(tf.shape(images)[axis])
    first = starts[:, :, tf.newaxis]
    inside = (position >= first) & (position < first + widths[:, :, tf.newaxis])
    masked = tf.reduce_any(inside, axis=1)  # (batch, length)
    masked = masked[:, :, tf.newaxis, tf.newaxis] if axis == FRAMES else masked[:, tf.newaxis, :, tf.newaxis]
    return tf.where(masked, tf.zeros_like(images), images)
