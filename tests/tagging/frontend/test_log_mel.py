"""The log-mel layer against librosa, and what a network needs of it."""

import keras
import librosa
import numpy as np
import pytest

from tagging.frontend.log_mel import LogMel
from tagging.frontend.registry import build_frontend, frontend_class
from tagging.frontend.settings import FrontendError, FrontendSettings

RATE_HZ = 16_000


def waveforms(samples: int = 48_000) -> np.ndarray:
    """A chirp, noise, a quiet tone with a loud click."""
    rng, t = np.random.default_rng(0), np.arange(samples) / RATE_HZ
    click = 0.01 * np.sin(2 * np.pi * 440 * t)
    click[samples // 2] = 0.9
    return np.stack(
        [0.5 * np.sin(2 * np.pi * (100 + 1000 * t) * t), 0.1 * rng.standard_normal(samples), click]
    ).astype("f")


def by_librosa(wave: np.ndarray, n_fft=1024, hop_length=512, n_mels=80, top_db=80.0, **mel) -> np.ndarray:
    power = librosa.feature.melspectrogram(
        y=wave,
        sr=RATE_HZ,
        n_fft=n_fft,
        hop_length=hop_length,
        n_mels=n_mels,
        center=False,
        htk=True,
        norm=None,
        **mel,
    )
    decibels = librosa.power_to_db(power, ref=np.max, top_db=top_db)
    return 255 * (1 + decibels.T / top_db)


@pytest.mark.parametrize(
    "options",
    [{}, {"n_fft": 512, "hop_length": 160, "n_mels": 40}, {"top_db": 60.0}, {"fmin": 125.0, "fmax": 7500.0}],
)
def test_equals_librosa(options):
    own = {{"fmin": "fmin_hz", "fmax": "fmax_hz"}.get(key, key): value for key, value in options.items()}
    images = np.asarray(LogMel(rate_hz=RATE_HZ, **own)(waveforms()))
    for image, wave in zip(images, waveforms(), strict=True):
        np.testing.assert_allclose(image[..., 0], by_librosa(wave, **options), atol=0.02)


def test_three_seconds_are_92_frames_of_80_bands_in_0_to_255():
    images = np.asarray(LogMel()(waveforms()))
    assert images.shape == (3, 92, 80, 1)
    assert images.min() >= 0
    np.testing.assert_allclose(images.max(axis=(1, 2, 3)), 255, atol=1e-3)


def test_an_image_does_not_depend_on_its_neighbours():
    layer, waves = LogMel(), waveforms() * np.array([[1.0], [1e-3], [1e-2]], "f")
    together = np.asarray(layer(waves))
    for wave, image in zip(waves, together, strict=True):
        np.testing.assert_allclose(np.asarray(layer(wave[None]))[0], image, atol=1e-3)


def test_loudness_does_not_matter_and_silence_is_zero():
    wave = waveforms()[:1]
    np.testing.assert_allclose(np.asarray(LogMel()(wave * 0.1)), np.asarray(LogMel()(wave)), atol=0.05)
    assert not np.asarray(LogMel()(np.zeros((2, 4000), "f"))).any()


def test_three_channels_are_equal():
    image = np.asarray(LogMel(channels=3)(waveforms()))
    assert image.shape[-1] == 3
    np.testing.assert_array_equal(image[..., 0], image[..., 2])


@pytest.mark.parametrize("samples", [1024, 1025, 1535, 1536, 16_000, 47_999, 48_000, 50_001])
def test_the_static_shape_is_the_true_shape(samples):
    layer = LogMel()
    image = layer(keras.Input((samples,)))
    assert image.shape[1:] == np.asarray(layer(np.zeros((1, samples), "f"))).shape[1:]
    assert image.shape[1] == 1 + (samples - 1024) // 512


def test_a_window_shorter_than_the_fft_is_refused():
    with pytest.raises(ValueError, match="n_fft=1024"):
        LogMel()(np.zeros((1, 1000), "f"))


def test_survives_saving_and_loading(tmp_path):
    layer = LogMel(
        n_fft=512, hop_length=256, n_mels=20, fmin_hz=50.0, fmax_hz=7000.0, top_db=70.0, channels=3
    )
    inputs = keras.Input((16_000,))
    keras.Model(inputs, layer(inputs)).save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras", safe_mode=True)
    waves = waveforms(16_000)
    np.testing.assert_array_equal(np.asarray(loaded(waves)), np.asarray(layer(waves)))


def test_stays_in_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        image = LogMel()(waveforms() * 0.999)
    finally:
        keras.config.set_dtype_policy("float32")
    assert image.dtype == "float32"
    np.testing.assert_allclose(np.asarray(image), np.asarray(LogMel()(waveforms())), atol=0.05)


def test_the_same_inside_tf_data():
    import tensorflow as tf

    layer, waves = LogMel(), waveforms()
    mapped = next(iter(tf.data.Dataset.from_tensor_slices(waves).batch(3).map(layer)))
    np.testing.assert_allclose(mapped.numpy(), np.asarray(layer(waves)), atol=1e-3)


def test_tensorflow_io_gives_the_same_images(tmp_path):
    pytest.importorskip("tensorflow_io", reason="no wheels for this Python", exc_type=ImportError)
    settings = FrontendSettings(name="tfio_log_mel")
    layer = build_frontend(settings, RATE_HZ, channels=1)
    waves = np.concatenate([waveforms(), np.zeros((1, 48_000), "f")])
    # Its mel matrix is float32 and off by up to 1 %: 0.04 dB of 80, 0.13 of 255; twice that is allowed.
    np.testing.assert_allclose(np.asarray(layer(waves)), np.asarray(LogMel()(waves)), atol=0.26)
    inputs = keras.Input((48_000,))
    keras.Model(inputs, layer(inputs)).save(tmp_path / "m.keras")
    frontend_class(settings.name)
    loaded = keras.models.load_model(tmp_path / "m.keras", safe_mode=True)
    np.testing.assert_array_equal(np.asarray(loaded(waves)), np.asarray(layer(waves)))


def test_mel_bands_without_a_bin_are_refused():
    with pytest.raises(FrontendError, match=r"n_fft=1024 leaves \d+ of n_mels=2000 empty"):
        LogMel(n_mels=2000)


def test_the_registry_refuses_what_it_does_not_know():
    with pytest.raises(FrontendError, match=r"log_mel.*received 'cqt'"):
        build_frontend(FrontendSettings(name="cqt"), RATE_HZ, 1)
    with pytest.raises(FrontendError, match=r"channels=3 .*received 1"):
        build_frontend(FrontendSettings(channels=1), RATE_HZ, 3)
