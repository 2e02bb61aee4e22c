"""Images read at places between their frames or bands."""

import tensorflow as tf

from tagging.augment.spec_augment import FRAMES


def resample(images: tf.Tensor, source: tf.Tensor, axis: int) -> tf.Tensor:
    """Images whose `axis` is read at `source`, linearly between neighbours; beyond an end, the end.

    Args:
        images: (batch, frames, bands, channels) float32.
        source: (batch, places) float32, in steps of `axis`.
        axis: FRAMES or BANDS of `spec_augment`.
    """
    last = tf.shape(images)[axis] - 1
    below = tf.clip_by_value(tf.cast(tf.floor(source), tf.int32), 0, last)
    above = tf.minimum(below + 1, last)
    share = tf.clip_by_value(source - tf.cast(below, tf.float32), 0.0, 1.0)
    share = share[:, :, tf.newaxis, tf.newaxis] if axis == FRAMES else share[:, tf.newaxis, :, tf.newaxis]
    lower = tf.gather(images, below, axis=axis, batch_dims=1)
    return lower + share * (tf.gather(images, above, axis=axis, batch_dims=1) - lower)
