"""From windows to clips, in closed form."""

import numpy as np
import tensorflow as tf
from scipy.special import expit, logit, softmax

from submissions.activations import LINEAR, SIGMOID, SOFTMAX
from tagging.inference.compiled import compiled
from tagging.inference.windows import (
    WindowLogits,
    average_windows,
    loudest_windows,
    predict_windows,
)
from tagging.pipeline.pieces import AudioWindows

CLIPS = np.array([0, 0, 0, 2, 3, 3])
LOGITS = np.random.default_rng(0).normal(0, 3, (6, 4)).astype("f")
WINDOWS = WindowLogits(CLIPS, LOGITS, np.ones(6))


def test_the_mean_of_probabilities_as_a_logit():
    result = average_windows(WINDOWS, 4, "probability", SIGMOID)
    for clip in (0, 2, 3):
        expected = logit(expit(LOGITS[clip == CLIPS].astype(float)).mean(axis=0))
        np.testing.assert_allclose(result[clip], expected, rtol=1e-5)
    assert np.isnan(result[1]).all()


def test_the_mean_of_logits():
    result = average_windows(WINDOWS, 4, "logit", SIGMOID)
    np.testing.assert_allclose(result[3], LOGITS[4:].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(result[2], LOGITS[3], rtol=1e-6)


def test_the_mean_of_a_softmax():
    result = average_windows(WINDOWS, 4, "probability", SOFTMAX)
    expected = softmax(LOGITS[4:].astype(float), axis=1).mean(axis=0)
    np.testing.assert_allclose(softmax(result[3]), expected, rtol=1e-5)


def test_values_of_regression_have_a_plain_mean():
    result = average_windows(WINDOWS, 4, "probability", LINEAR)
    np.testing.assert_allclose(result[0], LOGITS[:3].mean(axis=0), rtol=1e-6)


def test_sure_windows_do_not_saturate():
    sure = np.array([[80.0, 90.0, -80.0], [81.0, 90.0, -95.0]])
    result = average_windows(WindowLogits(np.zeros(2, int), sure, np.ones(2)), 1, "probability", SIGMOID)
    assert result[0, 0] < result[0, 1]
    np.testing.assert_allclose(result[0, 1], 90.0, rtol=1e-6)
    np.testing.assert_allclose(result[0, 2], -80 - np.log(2), rtol=1e-5)  # the other adds next to nothing


def waveforms(arrays):
    return tf.data.Dataset.from_generator(
        lambda: enumerate(arrays),
        output_signature=(tf.TensorSpec((), tf.int64), tf.TensorSpec((None,), tf.int16)),
    )


def test_clips_of_any_length_are_averaged_over_their_windows():
    arrays = [np.full(500, 3277, np.int16), np.arange(4000, dtype=np.int16)]
    step = compiled(lambda wave: tf.reduce_max(wave, axis=1, keepdims=True) * 10, [])
    found = predict_windows(step, waveforms(arrays), 2, AudioWindows(1000, 500), batch_size=2)
    result = average_windows(found, 2, "logit", SIGMOID)
    peaks = np.array([start + 999 for start in range(0, 3001, 500)]) / 32768 * 10
    np.testing.assert_allclose(result[:, 0], [3277 / 3276.8, peaks.mean()], rtol=1e-5)


def test_the_loudest_window_of_each_clip():
    power = np.array([1.0, 3.0, 2.0, 0.0, 5.0, 5.0])
    result = loudest_windows(WindowLogits(CLIPS, LOGITS, power), 4)
    np.testing.assert_array_equal(result[[0, 2, 3]], LOGITS[[1, 3, 4]])
    assert np.isnan(result[1]).all()


def test_power_is_that_of_the_window():
    rng = np.random.default_rng(1)
    arrays = [rng.integers(-9000, 9000, n).astype(np.int16) for n in (700, 2500)]
    step = compiled(lambda wave: wave[:, :1], [])
    found = predict_windows(step, waveforms(arrays), 2, AudioWindows(1000, 500), batch_size=3)
    np.testing.assert_array_equal(found.clips, [0, 1, 1, 1, 1])
    pieces = [np.resize(arrays[0], 1000), *(arrays[1][s : s + 1000] for s in (0, 500, 1000, 1500))]
    expected = [np.mean((piece / 32768.0) ** 2) for piece in pieces]
    np.testing.assert_allclose(found.power, expected, rtol=1e-4)
    np.testing.assert_allclose(found.logits[:, 0], [piece[0] / 32768.0 for piece in pieces], rtol=1e-6)
