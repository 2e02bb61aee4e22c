"""Waveforms of other clips added to a clip's own: levels, labels, weights, silence."""

import numpy as np
import pytest
import tensorflow as tf

from tagging.augment.levels import draw_levels_db, level_factors
from tagging.augment.waveform_mix import apply_mix, draw_mix

NONE = -np.inf
LABELS = np.array([[1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]], np.float32)
WEIGHTS = np.array([1.0, 0.5, 0.2], np.float32)


@pytest.fixture
def waves() -> np.ndarray:
    """Three rows of noise, 20 dB apart."""
    noise = np.random.default_rng(0).normal(0, 1, (3, 1000))
    return (noise * [[0.2], [0.02], [0.002]]).astype(np.float32)


def rms(wave: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(wave, dtype=np.float64))))


def mixed(waves, levels_db, labels=LABELS, weights=WEIGHTS):
    parts = apply_mix(*map(tf.constant, (waves, labels, weights, np.array(levels_db, np.float32))))
    return [part.numpy() for part in parts]


def test_the_next_row_comes_in_at_its_level(waves):
    """-6.02 dB is half the amplitude, whatever levels the clips had."""
    out, _, _ = mixed(waves, [[0.0], [-20 * np.log10(2)], [20.0]])
    for row, factor in enumerate((1.0, 0.5, 10.0)):
        own, other = waves[row], waves[(row + 1) % 3]
        np.testing.assert_allclose(
            out[row], own + factor * rms(own) / rms(other) * other, rtol=1e-5, atol=1e-7
        )


def test_labels_are_or_ed_and_weights_averaged_over_what_is_heard(waves):
    _, labels, weights = mixed(waves, [[-3.0], [NONE], [0.0]])
    np.testing.assert_array_equal(labels, [[1, 1, 1, 0], [0, 1, 1, 0], [1, 0, 1, 1]])
    np.testing.assert_allclose(weights, [0.75, 0.5, 0.6], rtol=1e-6)


def test_two_others(waves):
    out, labels, weights = mixed(waves, [[0.0, -6.0], [NONE, NONE], [-6.0, NONE]])
    own, first, second = waves
    expected = own + rms(own) / rms(first) * first + 10 ** (-6 / 20) * rms(own) / rms(second) * second
    np.testing.assert_allclose(out[0], expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(labels, [[1, 1, 1, 1], LABELS[1], [1, 0, 1, 1]])
    np.testing.assert_allclose(weights, [np.mean(WEIGHTS), 0.5, 0.6], rtol=1e-6)


@pytest.mark.parametrize("silent", [0, 1])
@pytest.mark.parametrize("level", [0.0, 3e-5], ids=["digital", "one step of PCM16"])
def test_silence_is_neither_mixed_nor_labelled(waves, silent, level):
    """A silent row stays as it is, and gives its labels to nobody."""
    waves[silent] = level
    out, labels, weights = mixed(waves, [[0.0], [NONE], [NONE]])
    np.testing.assert_array_equal(out, waves)
    np.testing.assert_array_equal(labels, LABELS)
    np.testing.assert_array_equal(weights, WEIGHTS)


def test_a_row_is_never_mixed_with_itself(waves):
    for rows, levels_db in ((1, [[0.0, 0.0]]), (2, [[NONE, 0.0]] * 2)):
        out, labels, _ = mixed(waves[:rows], levels_db, LABELS[:rows], WEIGHTS[:rows])
        np.testing.assert_array_equal(out, waves[:rows])
        np.testing.assert_array_equal(labels, LABELS[:rows])


def test_draws_have_their_share_and_range():
    levels_db = draw_mix(20_000, 0.3, (-12, -2), 2, tf.constant([1, 2])).numpy()
    is_in = np.isfinite(levels_db)
    assert is_in[:, 0].mean() == pytest.approx(0.3, abs=0.015)
    assert is_in[is_in[:, 0], 1].mean() == pytest.approx(0.5, abs=0.02), "one other as often as two"
    assert not is_in[~is_in[:, 0], 1].any(), "the second comes only with the first"
    drawn = np.sort(levels_db[is_in])
    np.testing.assert_allclose(
        np.quantile(drawn, [0, 0.25, 0.5, 0.75, 1]), [-12, -9.5, -7, -4.5, -2], atol=0.2
    )
    assert np.corrcoef(levels_db[is_in.all(axis=1)].T)[0, 1] == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize(("probability", "share"), [(0.0, 0.0), (1.0, 1.0)])
def test_never_and_always(probability, share):
    drawn = draw_mix(100, probability, (-10, 0), 1, tf.constant([1, 2])).numpy()
    assert np.isfinite(drawn).mean() == share


def test_levels_are_drawn_apart_from_whether_they_are():
    drawn = draw_levels_db((20_000,), 0.5, 0.0, 1.0, tf.constant([3, 4])).numpy()
    assert np.isfinite(drawn).mean() == pytest.approx(0.5, abs=0.015)
    assert drawn[np.isfinite(drawn)].mean() == pytest.approx(0.5, abs=0.01)


def test_level_factors():
    waves, others = tf.constant([[1.0, -1.0]] * 3), tf.constant([[0.25, 0.25]] * 3)
    factors = level_factors(waves, others, tf.constant([0.0, -20.0, NONE]))
    np.testing.assert_allclose(factors, [4.0, 0.4, 0.0], rtol=1e-6)
