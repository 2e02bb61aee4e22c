"""Circular shift of waveforms."""

from typing import Any

import tensorflow as tf
from keras import ops


def draw_shifts(batch: tf.Tensor, max_samples: int, seed: tf.Tensor) -> tf.Tensor:
    """Shifts, uniform over -max_samples .. max_samples; (batch,) int32. `seed`: (2,) integers."""
    return tf.random.stateless_uniform([batch], seed, -max_samples, max_samples + 1, tf.int32)


def apply_shift(waves: Any, shifts: Any) -> Any:
    """Waveforms that start `shift` samples later; what passes the end comes in at the start, as `np.roll`.

    Args:
        waves: (batch, samples).
        shifts: (batch,) int32.
    """
    # A loop of copies in the graph: a gather of single samples takes four times as long on a CPU.
    return ops.map(lambda row: ops.roll(*row, axis=0), (waves, shifts))
