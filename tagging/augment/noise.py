"""Gaussian noise: white noise under waveforms, and noise on images."""

from typing import Any

import tensorflow as tf

from tagging.augment.levels import level_factors


def draw_noise(shape: tf.Tensor | tuple, seed: tf.Tensor) -> tf.Tensor:
    """Gaussian noise of mean 0 and deviation 1, float32. `seed`: (2,) integers."""
    return tf.random.stateless_normal(shape, seed)


def add_under(waves: Any, others: Any, levels_db: Any) -> Any:
    """Waveforms with others under them.

    A level of -inf, and silence on either side, leave a row bit for bit.

    Args:
        waves, others: (batch, samples) float32.
        levels_db: (batch,) float32, RMS of the other relative to that of the row.
    """
    return waves + level_factors(waves, others, levels_db)[:, None] * others


def apply_image_noise(images: Any, noise: Any, deviation: float) -> Any:
    """Images with noise of this deviation; values may leave the images' range, and NaN (padding) stays NaN.

    Args:
        images: (batch, frames, bands, channels) float32.
        noise: (batch, frames, bands, 1) float32: all channels get the same, as they are the same.
        deviation: in units of the images.
    """
    return images + deviation * noise
