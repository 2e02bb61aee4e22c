"""Speed: waveforms read faster or slower, with their pitch; and with the phase vocoder, pitch alone."""

from math import ceil

import tensorflow as tf

from tagging.augment.phase_vocoder import apply_stretch

_REACH = 3  # samples past the last one read that its interpolation looks at


def draw_semitones(batch: tf.Tensor, low: float, high: float, seed: tf.Tensor) -> tf.Tensor:
    """Semitones, uniform over low .. high; (batch,) float32. `seed`: (2,) integers."""
    return low + (high - low) * tf.random.stateless_uniform([batch], seed)


def apply_retiming(
    waves: tf.Tensor, rates: tf.Tensor, semitones: tf.Tensor, speeds: tf.Tensor, highest_factor: float
) -> tf.Tensor:
    """Time stretch, pitch shift and speed change in one pass of the phase vocoder and one of reading.

    To shift the pitch is to stretch by 1 / factor, factor = 2^(semitones / 12), and to read that `factor` times as
    fast, as librosa.effects.pitch_shift does. What would pass half the sample rate when read faster is cut off.
    The sound runs rate x speed times as fast, at factor x speed times the pitch; where it ends, it begins again.

    Args:
        waves: (batch, samples) float32, samples static.
        rates: (batch,) float32 over 0, of the time stretch.
        semitones: (batch,) float32.
        speeds: (batch,) float32 over 0.
        highest_factor: at least 2^(semitones / 12) x speed of every row.
    """
    samples = waves.shape[1]
    shifts = tf.pow(2.0, semitones / 12.0)
    factors = shifts * speeds
    longest = ceil(max(highest_factor, 1.0) * samples) + _REACH
    stretched = apply_stretch(waves, rates / shifts, tf.minimum(1.0, 1.0 / factors), longest)
    return read_faster(stretched, factors, samples)


def read_faster(waves: tf.Tensor, factors: tf.Tensor, samples: int) -> tf.Tensor:
    """Waveforms read at 0, factor, 2 factor ..., cubic between their samples; beyond an end, the end.

    The kernel is Keys's of 1981, "Cubic convolution interpolation for digital image processing", with a = -1/2.

    Args:
        waves: (batch, length) float32.
        factors: (batch,) float32 over 0.
        samples: places that are read.
    """
    # float32 holds places near 100,000 to a hundredth of a sample only, which can be heard as noise.
    place = tf.cast(factors, tf.float64)[:, tf.newaxis] * tf.range(samples, dtype=tf.float64)
    below = tf.floor(place)
    x = tf.cast(place - below, tf.float32)
    padded = tf.concat([waves[:, :1], waves, tf.repeat(waves[:, -1:], _REACH, axis=1)], axis=1)
    # Four neighbours in one gather: four gathers of single samples take much longer.
    neighbours = tf.stack([padded[:, k : k + waves.shape[1]] for k in range(4)], axis=-1)
    index = tf.minimum(tf.cast(below, tf.int32), waves.shape[1] - 1)
    p, q, r, s = tf.unstack(tf.gather(neighbours, index, batch_dims=1), axis=-1)
    return q + 0.5 * x * (r - p + x * (2 * p - 5 * q + 4 * r - s + x * (3 * (q - r) + s - p)))
