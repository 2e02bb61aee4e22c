"""Circular shift of waveforms."""

import tensorflow as tf


def draw_shifts(batch: tf.Tensor, max_samples: int, seed: tf.Tensor) -> tf.Tensor:
    """Shifts, uniform over -max_samples .. max_samples; (batch,) int32. `seed`: (2,) integers."""
    return tf.random.stateless_uniform([batch], seed, -max_samples, max_samples + 1, tf.int32)


def apply_shift(waves: tf.Tensor, shifts: tf.Tensor) -> tf.Tensor:
    """Waveforms that start `shift` samples later; what passes the end comes in at the start, as `np.roll`.

    Args:
        waves: (batch, samples).
        shifts: (batch,) int32.
    """
    # A loop of copies in the graph: a gather of single samples takes four times as long.
    return tf.map_fn(lambda row: tf.roll(*row, axis=0), (waves, shifts), fn_output_signature=waves.dtype)
