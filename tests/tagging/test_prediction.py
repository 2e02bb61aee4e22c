"""From windows to clips, in closed form."""

import numpy as np
import tensorflow as tf
from scipy.special import expit, logit

from tagging.pipeline.settings import WindowSettings
from tagging.prediction import (
    WindowLogits,
    average_windows,
    inference_step,
    loudest_windows,
    predict_clips,
    predict_windows,
)

CLIPS = np.array([0, 0, 0, 2, 3, 3])
LOGITS = np.random.default_rng(0).normal(0, 3, (6, 4)).astype("f")


def test_the_mean_of_probabilities_as_a_logit():
    result = average_windows(CLIPS, LOGITS, 4, "probability")
    for clip in (0, 2, 3):
        expected = logit(expit(LOGITS[clip == CLIPS].astype(float)).mean(axis=0))
        np.testing.assert_allclose(result[clip], expected, rtol=1e-5)
    assert np.isnan(result[1]).all()


def test_the_mean_of_logits():
    result = average_windows(CLIPS, LOGITS, 4, "logit")
    np.testing.assert_allclose(result[3], LOGITS[4:].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(result[2], LOGITS[3], rtol=1e-6)


def test_sure_windows_do_not_saturate():
    result = average_windows(
        np.zeros(2, int), np.array([[80.0, 90.0, -80.0], [81.0, 90.0, -95.0]]), 1, "probability"
    )
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
    step = inference_step(lambda wave, training: tf.reduce_max(wave, axis=1, keepdims=True) * 10)
    settings = WindowSettings(window_s=1.0, hop_s=0.5, average="logit")
    result = predict_clips(step, waveforms(arrays), 2, settings, 1000, batch_size=2)
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
    step = inference_step(lambda wave, training: wave[:, :1])
    settings = WindowSettings(window_s=1.0, hop_s=0.5)
    found = predict_windows(step, waveforms(arrays), 2, settings, 1000, batch_size=3)
    np.testing.assert_array_equal(found.clips, [0, 1, 1, 1, 1])
    pieces = [np.resize(arrays[0], 1000), *(arrays[1][s : s + 1000] for s in (0, 500, 1000, 1500))]
    expected = [np.mean((piece / 32768.0) ** 2) for piece in pieces]
    np.testing.assert_allclose(found.power, expected, rtol=1e-4)
    np.testing.assert_allclose(found.logits[:, 0], [piece[0] / 32768.0 for piece in pieces], rtol=1e-6)
