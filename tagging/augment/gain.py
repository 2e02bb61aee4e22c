"""Random level of waveforms."""

from typing import Any

import tensorflow as tf
from keras import ops

from tagging.augment.levels import amplitude


def draw_gains_db(batch: tf.Tensor, min_db: float, max_db: float, seed: tf.Tensor) -> tf.Tensor:
    """Gains, uniform over min_db .. max_db; (batch,) float32. `seed`: (2,) integers."""
    return min_db + (max_db - min_db) * tf.random.stateless_uniform([batch], seed)


def apply_gain(waves: Any, gains_db: Any) -> Any:
    """Waveforms times 10^(gain / 20), or less where the peak would pass full scale, 1.

    Lowered, not clipped: clipping would add harmonics. Floats over 1 would pass, but front ends with absolute
    levels would then train on levels that no audio file has. 0 dB leaves a row within [-1, 1] bit for bit.

    Args:
        waves: (batch, samples) float32.
        gains_db: (batch,) float32.
    """
    peaks = ops.max(ops.abs(waves), axis=1)
    factors = ops.minimum(amplitude(gains_db), 1.0 / peaks)  # 1 / 0 is inf: silence has no limit
    return factors[:, None] * waves
