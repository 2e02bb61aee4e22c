"""Augmentation of sequences of unequal length, padded with NaN, and noise on images."""

import numpy as np
import pytest
import tensorflow as tf

from tagging.augment.batch import augment_images
from tagging.augment.mixup import apply_mixup
from tagging.augment.op import Batch
from tagging.augment.ops.crop import CropSettings
from tagging.augment.ops.image_noise import ImageNoiseSettings
from tagging.augment.ops.mixup import MixUpSettings
from tagging.augment.ops.spec_augment import SpecAugmentSettings
from tagging.augment.settings import AugmentSettings
from tagging.augment.spec_augment import draw_masks_within

LENGTHS = np.array([40, 25, 60, 10, 60, 33])
SPEC = SpecAugmentSettings(enabled=True, time_mask_share=0.5, freq_mask_share=0.3)
SETTINGS = {
    "masks": AugmentSettings(spec_augment=SPEC),
    "noise": AugmentSettings(image_noise=ImageNoiseSettings(2.0)),
    "bands": AugmentSettings(crop=CropSettings(min_band_share=0.5)),
    "mixup": AugmentSettings(mixup=MixUpSettings(alpha=0.4)),
}


def sequences(lengths=LENGTHS, bands=12) -> np.ndarray:
    """(rows, longest, bands, 1), over 0, NaN after each row's end."""
    rng = np.random.default_rng(0)
    images = rng.uniform(1, 100, (len(lengths), max(lengths), bands, 1)).astype(np.float32)
    images[np.arange(max(lengths)) >= lengths[:, np.newaxis]] = np.nan
    return images


def augmented(settings, images=None, is_augmented=None, seed=(1, 2)):
    """As the pipeline does it: in the graph, with frames that are not static."""
    images = sequences() if images is None else images
    shape = (None, None, *images.shape[2:])

    @tf.function(input_signature=[tf.TensorSpec(shape), tf.TensorSpec((None, len(images)))])
    def step(images, labels):
        chosen = tf.ones_like(labels[:, 0], tf.bool) if is_augmented is None else is_augmented
        batch = Batch(images, labels, tf.ones_like(labels[:, 0]), chosen)
        return augment_images(batch, tf.constant(seed), settings)[:2]

    return [part.numpy() for part in step(images, np.eye(len(images), dtype=np.float32))]


@pytest.mark.parametrize("name", ["masks", "noise", "bands"])
def test_padding_stays_padding_and_no_frame_becomes_it(name):
    out, _ = augmented(SETTINGS[name])
    np.testing.assert_array_equal(np.isnan(out), np.isnan(sequences()))
    assert all(np.any(a != b) for a, b in zip(np.nan_to_num(out), np.nan_to_num(sequences()), strict=True))


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_rows_that_are_not_augmented_stay_bit_for_bit(settings):
    chosen = np.array([True, False, True, False, False, True])
    out, labels = augmented(settings, is_augmented=chosen)
    np.testing.assert_array_equal(out[~chosen], sequences()[~chosen])
    np.testing.assert_array_equal(labels[~chosen], np.eye(6)[~chosen])


def test_masks_over_frames_lie_within_each_row_and_are_shares_of_its_own_length():
    lengths = np.repeat([10, 40, 60], 200)
    settings = AugmentSettings(
        spec_augment=SpecAugmentSettings(enabled=True, time_masks=1, freq_masks=0, time_mask_share=0.5)
    )
    out, _ = augmented(settings, sequences(lengths))
    widths = (out[..., 0] == 0).all(axis=2).sum(axis=1)
    for length in (10, 40, 60):
        assert widths[lengths == length].max() == length // 2
        assert widths[lengths == length].mean() == pytest.approx(length / 4, rel=0.15)


def test_masks_within_are_uniform_over_widths_and_places():
    lengths = tf.repeat([8, 20], 10_000)
    starts, widths = (drawn.numpy() for drawn in draw_masks_within(lengths, 2, 0.25, tf.constant([1, 2])))
    assert starts.shape == widths.shape == (20_000, 2)
    for rows, length in ((slice(10_000), 8), (slice(10_000, None), 20)):
        shares = np.bincount(widths[rows].ravel()) / widths[rows].size
        np.testing.assert_allclose(shares, 1 / (length // 4 + 1), atol=0.015)
        places = np.bincount(starts[rows][widths[rows] == 2], minlength=length - 1)
        np.testing.assert_allclose(places / places.sum(), 1 / (length - 1), atol=0.02)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (AugmentSettings(crop=CropSettings(min_time_share=0.8)), "crop.min_time_share"),
        (
            AugmentSettings(spec_augment=SpecAugmentSettings(enabled=True, time_warp_frames=2)),
            "spec_augment.time_warp_frames",
        ),
    ],
)
def test_parts_that_need_fixed_frames_are_refused_by_name(settings, key):
    assert settings.of_fixed_frames == [key]
    with pytest.raises(ValueError, match=rf"augment\.{key}: expected images of a fixed number of frames"):
        augmented(settings)


def test_a_warp_of_spec_augment_that_is_off_needs_nothing():
    assert AugmentSettings(spec_augment=SpecAugmentSettings(time_warp_frames=2)).of_fixed_frames == []


def test_a_blend_is_as_long_as_the_longer_of_both():
    images = sequences(np.array([2, 4, 3]), bands=5)
    labels, shares = tf.eye(3), tf.constant([0.75, 0.5, 1.0])
    blended = apply_mixup(tf.constant(images), labels, shares, "mix")[0].numpy()
    filled = np.nan_to_num(images)
    np.testing.assert_allclose(blended[0], 0.75 * filled[0] + 0.25 * filled[1], rtol=1e-5)
    np.testing.assert_allclose(blended[1], 0.5 * filled[1] + 0.5 * filled[2], rtol=1e-5)
    np.testing.assert_array_equal(blended[2], images[2])


def test_image_noise_has_its_deviation_and_the_same_in_all_channels():
    images = np.repeat(np.random.default_rng(0).uniform(0, 255, (4, 50, 40, 1)), 3, axis=3).astype(np.float32)
    settings = AugmentSettings(image_noise=ImageNoiseSettings(7.5))
    out, _ = augmented(settings, images)
    noise = out - images
    assert noise.std() == pytest.approx(7.5, rel=0.03)
    assert noise.mean() == pytest.approx(0, abs=0.3)
    np.testing.assert_allclose(noise[..., 0], noise[..., 2], atol=1e-4)
    np.testing.assert_array_equal(out, augmented(settings, images)[0])
    assert np.any(out != augmented(settings, images, seed=(1, 3))[0])


def test_masks_come_after_the_noise_and_stay_empty():
    noisy = AugmentSettings(spec_augment=SPEC, image_noise=ImageNoiseSettings(2.0))
    masked, plain = (augmented(settings)[0] == 0 for settings in (noisy, SETTINGS["masks"]))
    assert plain.any()
    np.testing.assert_array_equal(masked, plain)
