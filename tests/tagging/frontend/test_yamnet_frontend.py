"""YAMNet's front end against the numerics that were published with its weights."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from models.registry import build_network
from models.settings import ModelSettings
from tagging.frontend.registry import build_frontend
from tagging.frontend.settings import FrontendError, FrontendSettings
from tagging.frontend.yamnet import YamnetLogMel

RATE_HZ = 16_000


def waveforms(samples: int = 16_000) -> np.ndarray:
    """Noise, faint noise, a click."""
    rng, click = np.random.default_rng(0), np.zeros(samples)
    click[samples // 2] = 0.9
    return np.stack([0.1 * rng.standard_normal(samples), 1e-4 * rng.standard_normal(samples), click]).astype(
        "f"
    )


def published(waves: np.ndarray) -> np.ndarray:
    """Log-mel of features.py: (batch, samples) -> (batch, frames, 64)."""
    magnitude = tf.abs(tf.signal.stft(waves, frame_length=400, frame_step=160, fft_length=512))
    to_mel = tf.signal.linear_to_mel_weight_matrix(64, 257, RATE_HZ, 125.0, 7500.0)
    return tf.math.log(tf.matmul(magnitude, to_mel) + 0.001).numpy()


def in_numpy(wave: np.ndarray) -> np.ndarray:
    """The same in float64 from the formulas: (samples,) -> (frames, 64)."""
    frames = np.lib.stride_tricks.sliding_window_view(wave.astype(np.float64), 400)[::160]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    magnitude = np.abs(np.fft.rfft(frames * hann, 512))
    mel = 1127 * np.log1p(np.arange(257) * RATE_HZ / 512 / 700)[:, None]
    edges = np.linspace(*(1127 * np.log1p(np.array([125, 7500]) / 700)), 66)
    rise = (mel - edges[:-2]) / np.diff(edges)[:-1]
    fall = (edges[2:] - mel) / np.diff(edges)[1:]
    return np.log(magnitude @ np.maximum(0, np.minimum(rise, fall)) + 0.001)


@pytest.mark.parametrize("samples", [400, 559, 560, 15_600, 16_000])
def test_equals_the_published_front_end(samples):
    waves = waveforms(samples)
    image = np.asarray(YamnetLogMel()(waves))
    assert image.shape == (3, 1 + (samples - 400) // 160, 64, 1)
    np.testing.assert_allclose(image[..., 0] + np.log(0.001), published(waves), atol=2e-6)


@pytest.mark.parametrize("samples", [15_360, 15_599])
def test_a_window_of_a_patch_ends_in_silence_as_the_published_one_does(samples):
    waves, padded = waveforms(samples), np.zeros((3, 15_600), "f")
    padded[:, :samples] = waves
    np.testing.assert_array_equal(np.asarray(YamnetLogMel()(waves)), np.asarray(YamnetLogMel()(padded)))
    assert np.asarray(YamnetLogMel()(waves[:, :15_359])).shape == (3, 94, 64, 1)


def test_equals_its_formulas():
    for image, wave in zip(np.asarray(YamnetLogMel()(waveforms())), waveforms(), strict=True):
        np.testing.assert_allclose(image[..., 0] + np.log(0.001), in_numpy(wave), atol=3e-5)


def test_empty_bands_next_to_a_loud_sound_are_as_exact_as_float32_is():
    t = np.arange(16_000) / RATE_HZ
    chirp = np.sin(2 * np.pi * (100 + 3000 * t) * t).astype("f")[None]
    mel = np.exp(np.asarray(YamnetLogMel()(chirp), np.float64)[..., 0])
    expected = np.exp(published(chirp).astype(np.float64)) / 0.001
    np.testing.assert_allclose(mel, expected, rtol=0, atol=2e-6 * expected.max())


def test_silence_is_zero_and_nothing_is_below_it():
    assert not np.asarray(YamnetLogMel()(np.zeros((2, 4000), "f"))).any()
    assert np.asarray(YamnetLogMel()(waveforms())).min() >= 0


def test_the_network_takes_what_the_published_front_end_gives():
    layer = YamnetLogMel()
    network = build_network(ModelSettings("yamnet"), layer(waveforms()).shape[1:], 3)
    backbone_sees = keras.Model(network.input, network.get_layer("to_patches").output)
    patches = np.asarray(backbone_sees(layer(waveforms())))
    np.testing.assert_allclose(patches[..., 0], published(waveforms())[:, :96], atol=1e-5)


def test_survives_saving_and_loading(tmp_path):
    layer, inputs = YamnetLogMel(), keras.Input((4000,))
    keras.Model(inputs, layer(inputs)).save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras", safe_mode=True)
    np.testing.assert_array_equal(np.asarray(loaded(waveforms(4000))), np.asarray(layer(waveforms(4000))))


def test_stays_in_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        image = YamnetLogMel()(waveforms())
    finally:
        keras.config.set_dtype_policy("float32")
    assert image.dtype == "float32"
    np.testing.assert_array_equal(np.asarray(image), np.asarray(YamnetLogMel()(waveforms())))


def test_the_same_inside_tf_data():
    layer, waves = YamnetLogMel(), waveforms()
    mapped = next(iter(tf.data.Dataset.from_tensor_slices(waves).batch(3).map(layer)))
    np.testing.assert_allclose(mapped.numpy(), np.asarray(layer(waves)), atol=1e-5)


def test_another_rate_and_too_short_a_window_are_refused():
    with pytest.raises(FrontendError, match=r"cleaning\.rate_hz=16000 .*received 22050"):
        build_frontend(FrontendSettings("yamnet"), 22_050, 1)
    with pytest.raises(ValueError, match="at least 400 samples"):
        YamnetLogMel()(np.zeros((1, 399), "f"))
    with pytest.raises(
        FrontendError, match=r"one channel, but this network takes 3; use frontend\.name=log_mel"
    ):
        build_frontend(FrontendSettings("yamnet"), RATE_HZ, 3)


def test_it_is_built_by_name():
    assert isinstance(build_frontend(FrontendSettings("yamnet"), RATE_HZ, 1), YamnetLogMel)


@pytest.mark.parametrize(
    "option",
    [
        {"n_mels": 64},
        {"n_fft": 512},
        {"hop_length": 160},
        {"fmin_hz": 125.0},
        {"top_db": 60.0},
        {"channels": 1},
    ],
)
def test_settings_that_would_do_nothing_are_refused(option):
    with pytest.raises(
        ValueError, match=rf"frontend\.{next(iter(option))}: frontend.name=yamnet .*leave it out"
    ):
        FrontendSettings("yamnet", **option)


def test_frames_of_a_window_are_known_without_building_it():
    for settings in (
        FrontendSettings("yamnet"),
        FrontendSettings(),
        FrontendSettings(n_fft=512, hop_length=100),
    ):
        layer = build_frontend(settings, RATE_HZ, 1)
        for samples in (settings.shortest, 8000, 15_359, 15_360, 15_599, 15_600):
            assert layer.compute_output_shape((None, samples))[1] == settings.frames(samples)
            assert layer(np.zeros((1, samples), "f")).shape[1] == settings.frames(samples)
        assert settings.frames(settings.shortest) == 1
        with pytest.raises(ValueError, match=f"at least .*{settings.shortest}"):
            build_frontend(settings, RATE_HZ, 1)(np.zeros((1, settings.shortest - 1), "f"))
