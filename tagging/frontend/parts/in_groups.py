"""A front end on a large batch, a few rows at a time."""

import keras
import tensorflow as tf

_GROUP_SAMPLES = 2**18
"""Of float32, in a group: the spectra of such a group are a few MB. A larger group takes up to 1.7 times as long."""


def in_groups(frontend: keras.Layer, waveforms: tf.Tensor, *rows: tf.Tensor) -> tf.Tensor:
    """Images of a batch, as `frontend(waveforms, *rows)` makes them; what lies between stays in the CPU's caches.

    Args:
        frontend: waveforms (and further rows) -> images. Rows do not depend on each other.
        waveforms: (batch, samples), samples known.
        rows: (batch, ...) each.
    """
    size = max(1, _GROUP_SAMPLES // waveforms.shape[1])
    n_rows = tf.shape(waveforms)[0]
    n_groups = (n_rows + size - 1) // size

    def add(group: tf.Tensor, made: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
        start = group * size
        parts = (part[start : start + size] for part in (waveforms, *rows))
        return group + 1, made.write(group, frontend(*parts))

    made = tf.TensorArray(waveforms.dtype, n_groups, infer_shape=False)
    _, made = tf.while_loop(lambda group, _: group < n_groups, add, (0, made), parallel_iterations=1)
    shape = frontend.compute_output_shape(waveforms.shape)
    return tf.ensure_shape(made.concat(), (None, *shape[1:]))
