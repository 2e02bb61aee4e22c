"""Gain and circular shift of waveforms."""

import numpy as np
import pytest
import tensorflow as tf

from tagging.augment.gain import apply_gain, draw_gains_db
from tagging.augment.time_shift import apply_shift, draw_shifts


def test_minus_6_db_is_half():
    out = apply_gain(tf.constant([[1.0, 0.5, -0.25]]), tf.constant([-6.0]))
    np.testing.assert_allclose(out, [[0.501187, 0.250594, -0.125297]], rtol=1e-5)


def test_a_peak_stops_at_full_scale_and_nothing_is_clipped():
    waves = np.array([[0.25, -0.5], [0.25, -0.1], [2.0, -4.0]], np.float32)
    out = apply_gain(tf.constant(waves), tf.constant([20.0, 6.0, 0.0]))
    np.testing.assert_allclose(out[0], [0.5, -1.0], rtol=1e-6)
    np.testing.assert_allclose(out[1], waves[1] * 10 ** (6 / 20), rtol=1e-6)
    np.testing.assert_allclose(out[2], [0.5, -1.0], rtol=1e-6)


def test_no_gain_changes_no_bit_and_silence_stays_silence():
    waves = np.random.default_rng(0).uniform(-1, 1, (4, 50)).astype(np.float32)
    waves[2], waves[3, 0] = 0.0, -1.0
    np.testing.assert_array_equal(apply_gain(tf.constant(waves), tf.zeros(4)), waves)
    np.testing.assert_array_equal(apply_gain(tf.constant(waves), tf.fill([4], 30.0))[2], waves[2])


def test_gains_are_uniform_in_decibels():
    drawn = draw_gains_db(20_000, -12.0, 4.0, tf.constant([1, 2])).numpy()
    np.testing.assert_allclose(np.quantile(drawn, [0, 0.25, 0.5, 0.75, 1]), [-12, -8, -4, 0, 4], atol=0.3)


@pytest.mark.parametrize("dtype", [np.float32, np.int16])
def test_shift_as_numpy_rolls(dtype):
    waves = np.arange(20).reshape(4, 5).astype(dtype)
    shifts = [0, 2, -1, 5]
    out = apply_shift(tf.constant(waves), tf.constant(shifts))
    np.testing.assert_array_equal(
        out, [np.roll(row, shift) for row, shift in zip(waves, shifts, strict=True)]
    )


def test_shifts_are_uniform_both_ways():
    drawn = draw_shifts(20_000, 2, tf.constant([1, 2])).numpy()
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == [-2, -1, 0, 1, 2]
    np.testing.assert_allclose(counts / len(drawn), 0.2, atol=0.015)
