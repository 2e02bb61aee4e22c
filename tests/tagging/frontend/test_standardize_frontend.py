"""Standardised images, their statistics, and the front end of stored features."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tagging.frontend.parts.standardize import Standardize, band_statistics, standardize_of
from tagging.frontend.registry import build_frontend, build_stored_frontend
from tagging.frontend.settings import STORED, FrontendError, FrontendSettings

RATE_HZ = 16_000


def padded(lengths=(30, 12, 25), bands=6) -> np.ndarray:
    """(rows, longest, bands, 1) with another mean and deviation in each band, NaN after each row's end."""
    rng = np.random.default_rng(0)
    images = rng.standard_normal((len(lengths), max(lengths), bands, 1)) * np.arange(1, bands + 1)[:, None]
    images += 100 * np.arange(bands)[:, None]
    images[np.arange(max(lengths)) >= np.array(lengths)[:, None]] = np.nan
    return images.astype(np.float32)


def test_statistics_are_those_of_all_frames_that_are_no_padding():
    images = padded()
    frames = images[~np.isnan(images).all(axis=(2, 3))][..., 0].astype(np.float64)
    batches = [images[:2, :30], np.full((1, 4, 6, 1), np.nan, "f"), images[2:, :26]]
    mean, deviation = band_statistics(batches)
    np.testing.assert_allclose(mean, frames.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(deviation, frames.std(axis=0), rtol=1e-12)


def test_statistics_are_exact_far_from_zero():
    """A sum of float32 squares would lose the deviation."""
    images = (1e4 + np.random.default_rng(0).standard_normal((20, 50, 2, 1)) * 0.1).astype(np.float32)
    mean, deviation = band_statistics(np.split(images, 10))
    np.testing.assert_allclose(mean, images.astype(np.float64).mean(axis=(0, 1, 3)), rtol=1e-13)
    np.testing.assert_allclose(deviation, images.astype(np.float64).std(axis=(0, 1, 3)), rtol=1e-9)


def test_a_band_that_never_changes_gets_deviation_1():
    images = np.random.default_rng(0).standard_normal((4, 30, 3, 2)).astype(np.float32)
    images[:, :, 1], images[:, :, 2] = np.float32(0.1), 0
    mean, deviation = band_statistics(np.split(images, 2))
    np.testing.assert_allclose(mean[1:], [0.1, 0], rtol=1e-6)
    np.testing.assert_array_equal(deviation[1:], 1)
    assert deviation[0] == pytest.approx(1, abs=0.1)
    assert deviation[0] != 1


@pytest.mark.parametrize("batches", [[], [np.full((2, 3, 4, 1), np.nan, "f")]])
def test_no_frame_at_all_is_refused(batches):
    with pytest.raises(
        FrontendError, match="expected images to take the mean and deviation of, received none"
    ):
        band_statistics(batches)


def test_every_band_of_the_training_images_gets_mean_0_and_deviation_1():
    images, layer = padded(), Standardize()
    np.testing.assert_array_equal(layer(images), images)  # until it is told, it changes nothing
    layer.set_statistics(*band_statistics([images]))
    out = np.asarray(layer(images))
    np.testing.assert_allclose(np.nanmean(out, axis=(0, 1, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(np.nanstd(out, axis=(0, 1, 3)), 1, rtol=1e-4)
    np.testing.assert_array_equal(np.isnan(out), np.isnan(images))
    assert not layer.trainable_weights


def test_statistics_that_do_not_fit_are_refused():
    layer = Standardize()
    layer.build((None, None, 3, 1))
    with pytest.raises(FrontendError, match=r"finite mean for each of 3 bands, received \(4,\)"):
        layer.set_statistics(np.zeros(4), np.ones(4))
    with pytest.raises(FrontendError, match="finite deviation"):
        layer.set_statistics(np.zeros(3), np.full(3, np.nan))
    with pytest.raises(FrontendError, match="deviations above 0, received 0"):
        layer.set_statistics(np.zeros(3), np.array([1, 0, 1]))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_front_end_learns_its_statistics_and_keeps_them_in_the_saved_model(channels, tmp_path):
    waves = np.random.default_rng(0).standard_normal((6, 4000)).astype("f") * 0.1
    frontend = build_frontend(FrontendSettings(n_mels=20, standardize=True), RATE_HZ, channels)
    images = tf.data.Dataset.from_tensor_slices(waves).batch(4).map(frontend)
    plain = build_frontend(FrontendSettings(n_mels=20), RATE_HZ, channels)
    np.testing.assert_allclose(next(iter(images)), plain(waves[:4]), atol=1e-3)
    standardize_of(frontend).set_statistics(*band_statistics(batch.numpy() for batch in images))
    out = np.concatenate([batch.numpy() for batch in images])
    assert out.shape == (6, 6, 20, channels)
    np.testing.assert_allclose(out.mean(axis=(0, 1, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(out.std(axis=(0, 1, 3)), 1, rtol=1e-4)
    inputs = keras.Input((4000,))
    keras.Model(inputs, frontend(inputs)).save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras", safe_mode=True)
    np.testing.assert_allclose(loaded(waves), out, atol=1e-4)
    kept = standardize_of(loaded.get_layer("frontend"))
    np.testing.assert_array_equal(kept.mean, standardize_of(frontend).mean)


def test_front_ends_without_it_say_so():
    assert standardize_of(build_frontend(FrontendSettings(), RATE_HZ, 1)) is None
    assert standardize_of(build_frontend(FrontendSettings("mfcc", normalize="peak"), RATE_HZ, 1)) is None


@pytest.mark.parametrize("standardize", [False, True])
def test_stored_sequences_of_any_length_become_images_and_keep_their_padding(standardize, tmp_path):
    frontend = build_stored_frontend(FrontendSettings(standardize=standardize), bands=6)
    if standardize:
        standardize_of(frontend).set_statistics(*band_statistics([padded()]))
    inputs = keras.Input((None, 6))
    keras.Model(inputs, frontend(inputs)).save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras", safe_mode=True)
    assert frontend(inputs).shape == loaded.output.shape == (None, None, 6, 1)
    for lengths in ((5, 3), (30, 12, 25)):
        images = padded(lengths)
        out = np.asarray(frontend(images[..., 0]))
        assert out.shape == images.shape
        np.testing.assert_array_equal(np.isnan(out), np.isnan(images))
        np.testing.assert_array_equal(np.asarray(loaded(images[..., 0])), out)
        assert standardize or np.array_equal(out, images, equal_nan=True)


def test_keys_that_do_nothing_for_stored_features_are_refused():
    assert FrontendSettings(n_mels=40, standardize=True).idle_keys(STORED) == ["n_mels"]
    with pytest.raises(FrontendError, match=r"frontend\.n_mels: features .*leave it out"):
        build_stored_frontend(FrontendSettings(n_mels=40), bands=6)
