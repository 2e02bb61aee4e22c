"""The front end of EfficientAT's MobileNets against its formulas, and against the original's own output."""

import os
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tagging.frontend.mn_log_mel import MnLogMel, mel_bank
from tagging.frontend.registry import build_frontend
from tagging.frontend.settings import FrontendError, FrontendSettings

RATE_HZ = 32_000
SILENCE = (np.log(1e-5) + 4.5) / 5  # in the published images


def waveforms(samples: int = 20_000) -> np.ndarray:
    """Noise, faint noise, a click, a chirp."""
    rng, click, t = np.random.default_rng(0), np.zeros(samples), np.arange(samples) / RATE_HZ
    click[samples // 2] = 0.9
    noise = rng.standard_normal((2, samples)) * [[0.1], [1e-4]]
    return np.stack([*noise, click, 0.5 * np.sin(2 * np.pi * (100 + 10_000 * t) * t)]).astype("f")


def bank_of_formulas(fmin_hz: float = 0.0, fmax_hz: float = 15_000.0) -> np.ndarray:
    """Kaldi's triangles, from left, centre and right edges: (513, 128)."""
    mel = 1127 * np.log1p(np.arange(512) * RATE_HZ / 1024 / 700)[:, None]
    edges = np.linspace(*(1127 * np.log1p(np.array([fmin_hz, fmax_hz]) / 700)), 130)
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    triangles = np.maximum(0, np.minimum((mel - left) / (centre - left), (right - mel) / (right - centre)))
    return np.pad(triangles, ((0, 1), (0, 0)))


def of_formulas(wave: np.ndarray, *edges_hz: float) -> np.ndarray:
    """The published image in float64: (samples,) -> (frames, 128)."""
    sharp = np.convolve(wave.astype(np.float64), [1, -0.97], mode="valid")
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(sharp, 512, mode="reflect"), 1024)[::320]
    hann = np.pad(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(800) / 799), 112)
    power = np.abs(np.fft.rfft(frames * hann)) ** 2
    return (np.log(power @ bank_of_formulas(*edges_hz) + 1e-5) + 4.5) / 5


@pytest.mark.parametrize("samples", [514, 640, 641, 20_000])
def test_equals_its_formulas(samples):
    images = np.asarray(MnLogMel()(waveforms(samples)))
    assert images.shape == (4, 1 + (samples - 1) // 320, 128, 1)
    for image, wave in zip(images, waveforms(samples), strict=True):
        np.testing.assert_allclose(image[..., 0] + SILENCE, of_formulas(wave), atol=2e-4)


@pytest.mark.parametrize("edges_hz", [(0.0, 15_000.0), (9.0, 14_001.0), (3.0, 16_000.0)])
def test_filters_are_kaldis_triangles(edges_hz):
    np.testing.assert_allclose(np.asarray(mel_bank(*edges_hz)), bank_of_formulas(*edges_hz), atol=3e-5)


def test_filters_of_several_edges_at_once():
    several = mel_bank(np.array([0.0, 9.0]), np.array([15_000.0, 14_001.0]))
    assert several.shape == (2, 513, 128)
    np.testing.assert_allclose(np.asarray(several)[1], np.asarray(mel_bank(9.0, 14_001.0)), atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"normalize": "peak"}])
def test_edges_move_for_each_window(options):
    layer, waves = build_frontend(FrontendSettings("mn_log_mel", **options), RATE_HZ, 1), waveforms()
    waves /= np.abs(waves).max(axis=1, keepdims=True)
    moves = np.array([[0, 0], [9, -999], [3, 1000], [0, -200]], "f")
    images, plain = np.asarray(layer(waves, moves)), np.asarray(layer(waves))
    np.testing.assert_allclose(images[0], plain[0], atol=1e-5)
    for image, wave, (low, high) in zip(images, waves, moves, strict=True):
        expected = of_formulas(wave, low, 15_000 + high)
        np.testing.assert_allclose(image[..., 0] + SILENCE, expected, atol=1e-3)


@pytest.mark.skipif("MN_REFERENCE" not in os.environ, reason="needs MN_REFERENCE=mn04_reference.npz")
def test_equals_the_original():
    with np.load(Path(os.environ["MN_REFERENCE"])) as reference:
        for number in range(7):
            image = np.asarray(MnLogMel()(reference[f"{number}_waveform"][None]))[0, ..., 0]
            np.testing.assert_allclose(image.T + SILENCE, reference[f"{number}_mel"], atol=2e-4)


def test_silence_is_zero_and_nothing_is_below_it():
    assert not np.asarray(MnLogMel()(np.zeros((2, 4000), "f"))).any()
    assert np.asarray(MnLogMel()(waveforms())).min() >= 0


def test_a_window_that_is_too_short_to_reflect_ends_in_silence():
    waves, padded = waveforms(100), np.zeros((4, 514), "f")
    padded[:, :100] = waves
    np.testing.assert_array_equal(np.asarray(MnLogMel()(waves)), np.asarray(MnLogMel()(padded)))


def test_frames_of_a_window_are_known_without_building_it():
    settings, layer = FrontendSettings("mn_log_mel"), MnLogMel()
    for samples in (1, 321, 513, 514, 640, 641, 8000):
        assert layer(np.zeros((1, samples), "f")).shape[1] == settings.frames(samples)
        assert layer.compute_output_shape((None, samples))[1] == settings.frames(samples)
    assert settings.frames(320_000) == 1000
    with pytest.raises(ValueError, match="at least 1 sample"):
        MnLogMel()(np.zeros((1, 0), "f"))


def test_survives_saving_tf_data_and_mixed_precision(tmp_path):
    layer, inputs, waves = MnLogMel(), keras.Input((4000,)), waveforms(4000)
    expected = np.asarray(layer(waves))
    keras.Model(inputs, layer(inputs)).save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras", safe_mode=True)
    np.testing.assert_array_equal(np.asarray(loaded(waves)), expected)
    mapped = next(iter(tf.data.Dataset.from_tensor_slices(waves).batch(4).map(layer)))
    np.testing.assert_allclose(mapped.numpy(), expected, atol=1e-4)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        np.testing.assert_array_equal(np.asarray(MnLogMel()(waves)), expected)
    finally:
        keras.config.set_dtype_policy("float32")


def test_it_is_built_by_name_and_refuses_another_rate():
    assert isinstance(build_frontend(FrontendSettings("mn_log_mel"), RATE_HZ, 1), MnLogMel)
    with pytest.raises(FrontendError, match=r"cleaning\.rate_hz=32000 .*received 16000"):
        build_frontend(FrontendSettings("mn_log_mel"), 16_000, 1)
