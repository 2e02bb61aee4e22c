"""Fixed-length windows of a waveform, in the TensorFlow graph.

Training takes one window a clip and epoch: the loudest of a few random ones. Validation and prediction take
every window at a hop. A clip shorter than the window is tiled, or padded with silence where that is asked for.
"""

import tensorflow as tf


def tile(waveform: tf.Tensor, length: int) -> tf.Tensor:
    """(samples,) -> at least (length,): the waveform as it is, or repeated and cut to exactly `length`."""
    samples = tf.size(waveform)
    repeats = (length + samples - 1) // samples
    return tf.cond(samples >= length, lambda: waveform, lambda: tf.tile(waveform, [repeats])[:length])


def pad(waveform: tf.Tensor, length: int) -> tf.Tensor:
    """(samples,) -> at least (length,): the waveform as it is, or with zeros behind it."""
    return tf.pad(waveform, [[0, tf.maximum(length - tf.size(waveform), 0)]])


def loudest_window(waveform: tf.Tensor, length: int, candidates: int, seed: tf.Tensor) -> tf.Tensor:
    """The one with most energy of `candidates` windows at random starts; (samples,) -> (length,).

    Args:
        waveform: (samples,), at least one sample, integer or float; tiled where it is too short.
        length: window length in samples.
        candidates: how many starts are drawn, uniformly over all positions.
        seed: two integers; the same seed draws the same starts.
    """
    waveform = tile(waveform, length)
    last_start = tf.size(waveform) - length
    starts = tf.random.stateless_uniform([candidates], seed, 0, last_start + 1, tf.int32)
    found = [tf.slice(waveform, start, [length]) for start in tf.split(starts, candidates)]
    if candidates == 1:
        return found[0]
    energies = [tf.nn.l2_loss(tf.cast(window, tf.float32)) for window in found]
    loudest = tf.gather(starts, tf.argmax(tf.stack(energies)))
    return tf.slice(waveform, tf.reshape(loudest, [1]), [length])


def window_starts(samples: tf.Tensor, length: int, hop: int) -> tf.Tensor:
    """Starts of all windows of a clip: 0, hop, 2 hop ..., the last window ending at the clip's end."""
    last_start = tf.maximum(samples - length, 0)
    return tf.concat([tf.range(0, last_start, hop), [last_start]], axis=0)


def n_windows(samples: int, length: int, hop: int) -> int:
    """How many `window_starts` there are."""
    return 1 + -(-max(samples - length, 0) // hop)
