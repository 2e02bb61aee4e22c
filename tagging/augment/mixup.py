"""MixUp: each image blended with the next of its batch."""

from typing import Any, Literal

import tensorflow as tf
from keras import ops


def draw_shares(batch: tf.Tensor, alpha: float, seed: tf.Tensor) -> tf.Tensor:
    """The share of each image in its blend, (batch,) float32, 0.5 to 1.

    lambda is drawn from Beta(alpha, alpha), Zhang et al. 2018, arXiv:1710.09412. Unlike there, the larger of
    lambda and 1 - lambda is taken (as MixMatch does, Berthelot et al. 2019, arXiv:1905.02249, equation 9):
    each row stays mostly its own clip, so that a clip that comes once plain and once mixed is in both.

    Args:
        batch: number of images, scalar.
        alpha: over 0.
        seed: (2,) integers.
    """
    draws = _log_gamma_draws((batch, 2), alpha, seed)  # Beta is X / (X + Y) of two Gamma draws
    return tf.sigmoid(tf.abs(draws[:, 0] - draws[:, 1]))


def apply_mixup(images: Any, labels: Any, shares: Any, label_mode: Literal["mix", "or"]):
    """Images and labels, each blended with those of the next row (the last with the first).

    A share of 1 leaves a row, labels included, bit for bit as it is, and so does a batch of one. Frames of padding
    (NaN) count as 0 where the other row has frames: a blend is as long as the longer of both.

    Args:
        images: (batch, frames, bands, channels) float32.
        labels: (batch, classes) float32.
        shares: (batch,) float32, the row's own part.
        label_mode: `mix`: labels blended as the images; `or`: the larger of both labels.

    Returns:
        images, labels: as given.
    """
    images = _blend_padded(images, shares)
    if label_mode == "or":
        either = ops.maximum(labels, ops.roll(labels, -1, axis=0))
        return images, ops.where(shares[:, None] < 1, either, labels)
    return images, blend(labels, shares)


def blend(values: Any, shares: Any) -> Any:
    """Each row's share of itself, the rest of the next row; values (batch, ...), shares (batch,)."""
    rest = ops.reshape(1.0 - shares, [-1] + [1] * (len(values.shape) - 1))
    return values + rest * (ops.roll(values, -1, axis=0) - values)


def _blend_padded(images: Any, shares: Any) -> Any:
    """`blend` of images; NaN only where both rows have it, or where a row is not blended."""
    is_padding = ops.isnan(images)
    is_alone = (shares == 1)[:, None, None, None]
    stays = is_padding & (ops.roll(is_padding, -1, axis=0) | is_alone)
    blended = blend(ops.where(is_padding, 0.0, images), shares)
    return ops.where(stays, images, blended)


def _log_gamma_draws(shape: tuple, alpha: float, seed: tf.Tensor) -> tf.Tensor:
    """Logarithms of Gamma(alpha) draws.

    For a small alpha the draws themselves underflow to 0, and 0 / 0 is no lambda; hence the logarithm of
    Gamma(alpha) = Gamma(alpha + 1) U^(1 / alpha), Marsaglia and Tsang 2000.
    """
    seeds = tf.random.split(seed, 2)
    gamma = tf.random.stateless_gamma(shape, seeds[0], alpha + 1.0)
    uniform = 1.0 - tf.random.stateless_uniform(shape, seeds[1])  # (0, 1]
    return tf.math.log(gamma) + tf.math.log(uniform) / alpha
