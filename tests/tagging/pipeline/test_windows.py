"""Windows: what is cut from a clip, in closed form."""

import numpy as np
import pytest
import tensorflow as tf

from tagging.pipeline.windows import loudest_window, tile, window_starts


@pytest.mark.parametrize(("length", "expected"), [(3, [1, 2, 3]), (2, [1, 2, 3]), (7, [1, 2, 3, 1, 2, 3, 1])])
def test_tile_repeats_the_short_and_leaves_the_long(length, expected):
    assert tile(tf.constant([1, 2, 3], tf.int16), length).numpy().tolist() == expected


@pytest.mark.parametrize(
    ("samples", "expected"),
    [(5, [0]), (10, [0]), (11, [0, 1]), (14, [0, 4]), (15, [0, 4, 5]), (22, [0, 4, 8, 12])],
)
def test_every_window_at_the_hop_the_last_ending_at_the_end(samples, expected):
    assert window_starts(tf.constant(samples), length=10, hop=4).numpy().tolist() == expected


def test_with_many_candidates_the_window_with_the_burst_is_taken():
    wave = np.zeros(1000, np.int16)
    wave[700:710] = 20_000
    window = loudest_window(tf.constant(wave), 100, 200, tf.constant([1, 2])).numpy()
    assert np.count_nonzero(window) == 10


def test_the_loudest_of_its_candidates_is_taken():
    wave = np.arange(1000, dtype=np.int16)  # louder to the right, so that the winner is the rightmost start
    seed = tf.constant([7, 9])
    starts = tf.random.stateless_uniform([3], seed, 0, 901, tf.int32).numpy()
    assert loudest_window(tf.constant(wave), 100, 3, seed).numpy()[0] == starts.max()


def test_the_energy_of_int16_does_not_overflow():
    wave = np.full(4000, 100, np.int16)
    wave[2000:] = -32768
    window = loudest_window(tf.constant(wave), 1000, 50, tf.constant([0, 1])).numpy()
    assert np.abs(window.astype(int)).min() == 32768


def test_a_seed_decides_and_every_position_can_come():
    wave = tf.constant(np.arange(14, dtype=np.int16))
    draw = tf.function(lambda s: loudest_window(wave, 10, 1, tf.stack([s, 0]))[0])
    starts = [int(draw(tf.constant(s))) for s in range(100)]
    assert set(starts) == {0, 1, 2, 3, 4}
    assert starts == [int(draw(tf.constant(s))) for s in range(100)]


def test_short_clips_are_tiled():
    window = loudest_window(tf.constant([1, 2, 3], tf.int16), 8, 3, tf.constant([0, 0]))
    assert window.numpy().tolist() == [1, 2, 3, 1, 2, 3, 1, 2]
    assert window.shape == (8,)
