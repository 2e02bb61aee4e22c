"""All front ends by name: their keys, frames, levels, saving; and MFCC against librosa."""

from dataclasses import replace

import keras
import librosa
import numpy as np
import pytest
import tensorflow as tf

from tagging.frontend.mfcc import Mfcc
from tagging.frontend.parts.level import Level
from tagging.frontend.registry import build_frontend, frontend_class
from tagging.frontend.settings import FRONTENDS, FrontendError, FrontendSettings
from tagging.frontend.waveform import RawWaveform

RATE_HZ = 16_000
CHANGED = {
    "n_fft": 512,
    "hop_length": 160,
    "n_mels": 40,
    "fmin_hz": 50.0,
    "fmax_hz": 7000.0,
    "top_db": 60.0,
    "channels": 1,
    "n_mfcc": 20,
    "normalize": "rms",
    "standardize": True,
}


def waveforms(samples: int = 16_000) -> np.ndarray:
    """A chirp, noise, faint noise, silence."""
    rng, t = np.random.default_rng(0), np.arange(samples) / RATE_HZ
    chirp = 0.5 * np.sin(2 * np.pi * (100 + 1000 * t) * t)
    noise = rng.standard_normal((2, samples)) * [[0.1], [1e-3]]
    return np.stack([chirp, *noise, np.zeros(samples)]).astype("f")


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({}, {"n_fft": 1024, "hop_length": 512, "n_mels": 80, "n_mfcc": 13}),
        ({"n_mfcc": 40, "n_mels": 40}, {"n_fft": 1024, "hop_length": 512, "n_mels": 40, "n_mfcc": 40}),
        (
            {"n_fft": 512, "hop_length": 160, "n_mels": 40, "n_mfcc": 20, "fmin_hz": 50.0, "fmax_hz": 7000.0},
            {"n_fft": 512, "hop_length": 160, "n_mels": 40, "n_mfcc": 20, "fmin": 50.0, "fmax": 7000.0},
        ),
    ],
)
def test_mfcc_equals_librosa(settings, options):
    images = np.asarray(build_frontend(FrontendSettings("mfcc", **settings), RATE_HZ, 1)(waveforms()))
    for image, wave in zip(images, waveforms(), strict=True):
        expected = librosa.feature.mfcc(y=wave, sr=RATE_HZ, center=False, htk=True, mel_norm=None, **options)
        np.testing.assert_allclose(image[..., 0], expected.T, atol=0.02)


def test_top_db_cuts_mfcc_off_under_the_maximum_of_each_window():
    wave = waveforms()[0]
    power = librosa.feature.melspectrogram(
        y=wave, sr=RATE_HZ, n_fft=1024, hop_length=512, n_mels=80, center=False, htk=True, norm=None
    )
    expected = librosa.feature.mfcc(S=librosa.power_to_db(power, top_db=30.0), n_mfcc=13)
    loud = np.stack([wave, 100 * wave])
    np.testing.assert_allclose(np.asarray(Mfcc(top_db=30.0)(loud))[0, ..., 0], expected.T, atol=0.02)


def test_statistics_are_means_and_deviations_of_mfcc_over_the_window():
    mfcc, statistics = (
        np.asarray(build_frontend(FrontendSettings(name), RATE_HZ, 1)(waveforms()))[..., 0]
        for name in ("mfcc", "mfcc_statistics")
    )
    assert statistics.shape == (4, 1, 26)
    expected = np.concatenate([mfcc.mean(axis=1), mfcc.std(axis=1)], axis=-1)
    np.testing.assert_allclose(statistics[:, 0], expected, rtol=1e-4, atol=1e-3)


def test_the_waveform_is_its_own_image():
    image = np.asarray(build_frontend(FrontendSettings("waveform"), RATE_HZ, 1)(waveforms()))
    np.testing.assert_array_equal(image, waveforms()[:, :, np.newaxis, np.newaxis])


def test_peak_and_rms_bring_windows_to_one_level_and_leave_silence():
    waves = waveforms()
    peak, rms = (np.asarray(Level(kind)(waves)) for kind in ("peak", "rms"))
    np.testing.assert_allclose(np.abs(peak).max(axis=1), [1, 1, 1, 0], rtol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.mean(rms**2, axis=1)), [0.1, 0.1, 0.1, 0], rtol=1e-5)
    assert all(np.corrcoef(a, b)[0, 1] > 0.99999 for a, b in zip(peak[:3], waves[:3], strict=True))
    faint = np.full((1, 100), 1 / 32768, "f")
    np.testing.assert_array_equal(np.asarray(Level("peak")(faint)), faint)
    with pytest.raises(FrontendError, match=r"none, peak or rms, received 'max'"):
        Level("max")


@pytest.mark.parametrize("name", ["mfcc", "mfcc_statistics", "waveform", "yamnet"])
@pytest.mark.parametrize("kind", ["peak", "rms"])
def test_normalised_windows_show_no_level(name, kind):
    plain, level = (
        build_frontend(FrontendSettings(name, normalize=how), RATE_HZ, 1) for how in ("none", kind)
    )
    waves = waveforms()[:2]
    images, quiet = (np.asarray(level(part)) for part in (waves, 0.3 * waves))
    np.testing.assert_allclose(images, quiet, atol=1e-3 * np.abs(images).max())
    assert np.abs(np.asarray(plain(waves)) - np.asarray(plain(0.3 * waves))).max() > 0.1


@pytest.mark.parametrize("name", sorted(FRONTENDS))
def test_a_front_end_takes_its_keys_and_refuses_those_that_would_do_nothing(name):
    for key, value in CHANGED.items():
        if key in FRONTENDS[name].takes:
            FrontendSettings(name, **{key: value})
        else:
            with pytest.raises(ValueError, match=rf"frontend\.{key}: frontend.name={name} .*leave it out"):
                FrontendSettings(name, **{key: value})


@pytest.mark.parametrize("name", ["log_mel", "mfcc", "mfcc_statistics", "waveform", "yamnet"])
def test_every_key_that_a_front_end_takes_does_something(name):
    base = FrontendSettings(name)
    plain = np.asarray(build_frontend(base, RATE_HZ, 1)(waveforms()))
    for key in set(FRONTENDS[name].takes) - {"channels", "standardize"}:  # these have tests of their own
        settings = replace(base, **{key: CHANGED[key]})
        image = np.asarray(build_frontend(settings, RATE_HZ, 1)(waveforms()))
        assert image.shape != plain.shape or np.abs(image - plain).max() > 0.1, key


@pytest.mark.parametrize("name", ["log_mel", "mfcc", "mfcc_statistics", "waveform", "yamnet"])
def test_silence_is_0_where_a_front_end_says_so(name):
    image = np.asarray(build_frontend(FrontendSettings(name), RATE_HZ, 1)(np.zeros((1, RATE_HZ), "f")))
    assert (image == 0).all() == FRONTENDS[name].zero_is_silence


def test_settings_out_of_range_name_their_key():
    with pytest.raises(ValueError, match="n_mfcc of at most n_mels=10, received 13"):
        FrontendSettings("mfcc", n_mels=10)
    with pytest.raises(ValueError, match=r"n_mfcc: expected at least 1, received 0"):
        FrontendSettings("mfcc", n_mfcc=0)
    with pytest.raises(ValueError, match='normalize: expected one of none, peak, rms, received "loud"'):
        FrontendSettings("mfcc", normalize="loud")
    assert FrontendSettings(n_mels=10).n_mfcc == 13, "what mfcc alone takes does not bother log_mel"


@pytest.mark.parametrize("name", ["mfcc", "mfcc_statistics", "waveform", "yamnet"])
def test_colour_images_are_of_log_mel_only(name):
    with pytest.raises(
        FrontendError, match=rf"{name} makes images of one channel, .* takes 3; use .*log_mel"
    ):
        build_frontend(FrontendSettings(name), RATE_HZ, 3)


def test_stored_features_are_no_name_of_a_front_end():
    with pytest.raises(FrontendError, match=r"waveform.*received 'stored'"):
        frontend_class("stored")


@pytest.mark.parametrize(
    "settings",
    [
        FrontendSettings("waveform"),
        FrontendSettings("waveform", normalize="peak", standardize=True),
        FrontendSettings("mfcc", n_fft=400, hop_length=160),
        FrontendSettings("mfcc_statistics", n_fft=400, hop_length=160),
        FrontendSettings("mfcc", normalize="rms", standardize=True),
    ],
)
def test_frames_of_a_window_are_known_without_building_it(settings):
    for samples in (settings.shortest, 8000):
        layer = build_frontend(settings, RATE_HZ, 1)
        image = layer(np.zeros((2, samples), "f"))
        assert image.shape[1] == settings.frames(samples)
        assert layer.compute_output_shape((None, samples)) == (None, *image.shape[1:])
    assert settings.frames(settings.shortest) == 1


@pytest.mark.parametrize(
    "settings",
    [
        FrontendSettings("mfcc", n_mfcc=20, n_mels=40, top_db=60.0),
        FrontendSettings("waveform"),
        FrontendSettings("mfcc", normalize="rms"),
        FrontendSettings("mfcc_statistics", standardize=True),
        FrontendSettings("yamnet", normalize="peak"),
    ],
)
def test_survives_saving_tf_data_and_mixed_precision(settings, tmp_path):
    layer, inputs, waves = build_frontend(settings, RATE_HZ, 1), keras.Input((16_000,)), waveforms()
    assert layer.name == "frontend"
    expected = np.asarray(layer(waves))
    keras.Model(inputs, layer(inputs)).save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras", safe_mode=True)
    np.testing.assert_array_equal(np.asarray(loaded(waves)), expected)
    mapped = next(iter(tf.data.Dataset.from_tensor_slices(waves).batch(4).map(layer)))
    np.testing.assert_allclose(mapped, expected, rtol=1e-4, atol=1e-3)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        image = build_frontend(settings, RATE_HZ, 1)(waves)
    finally:
        keras.config.set_dtype_policy("float32")
    assert image.dtype == "float32"
    np.testing.assert_array_equal(np.asarray(image), expected)


def test_the_rate_is_stored_with_the_waveform_front_end():
    assert RawWaveform.from_config(RawWaveform(rate_hz=22_050).get_config()).rate_hz == 22_050
