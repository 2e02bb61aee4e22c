import numpy as np
import pytest
import tensorflow as tf

from tagging.augment.batch import augment_images
from tagging.augment.op import Batch
from tagging.augment.ops.crop import CropSettings
from tagging.augment.ops.mixup import MixUpSettings
from tagging.augment.ops.spec_augment import SpecAugmentSettings
from tagging.augment.settings import AugmentSettings

SPEC = SpecAugmentSettings(enabled=True, time_warp_frames=5)
MIX = MixUpSettings(alpha=0.4)
SETTINGS = {
    "spec_augment": AugmentSettings(spec_augment=SPEC),
    "mixup": AugmentSettings(mixup=MIX),
    "both": AugmentSettings(spec_augment=SPEC, mixup=MixUpSettings(alpha=0.4, labels="or")),
    "crop": AugmentSettings(crop=CropSettings(0.7, 0.9)),
    "all": AugmentSettings(spec_augment=SPEC, mixup=MIX, crop=CropSettings(0.7, 0.9)),
}


def batch_of(clips, seed=0):
    rng = np.random.default_rng(seed)
    images = rng.uniform(1, 255, (clips, 92, 80, 1)).astype(np.float32)
    return tf.constant(images), tf.constant(np.eye(10, dtype=np.float32)[rng.permutation(10)[:clips]])


def augmented(images, labels, settings, is_augmented=None, seed=(1, 2)):
    chosen = tf.fill([len(images)], True) if is_augmented is None else tf.constant(is_augmented)
    return [part.numpy() for part in augment(images, labels, chosen, tf.constant(seed), settings)]


def augment(images, labels, chosen, seed, settings):
    """Images and labels."""
    return augment_images(Batch(images, labels, tf.ones_like(labels[:, 0]), chosen), seed, settings)[:2]


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_rows_that_are_not_augmented_stay_bit_for_bit(settings):
    images, labels = batch_of(6)
    chosen = [True, False, True, False, False, True]
    new_images, new_labels = augmented(images, labels, settings, chosen)
    np.testing.assert_array_equal(new_images[[1, 3, 4]], images.numpy()[[1, 3, 4]])
    np.testing.assert_array_equal(new_labels[[1, 3, 4]], labels.numpy()[[1, 3, 4]])
    assert all(np.any(new_images[row] != images.numpy()[row]) for row in (0, 2, 5))


def test_with_nothing_switched_on_nothing_happens():
    images, labels = batch_of(4)
    for new, old in zip(augmented(images, labels, AugmentSettings()), (images, labels), strict=True):
        np.testing.assert_array_equal(new, old)


@pytest.mark.parametrize("clips", [1, 5])
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_the_same_inside_tf_data_with_batches_of_any_size(settings, clips):
    images, labels = batch_of(clips)

    def step(images, labels):
        return augment(images, labels, tf.ones_like(labels[:, 0], tf.bool), tf.constant([1, 2]), settings)

    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).batch(8).map(step, num_parallel_calls=2)
    inside = next(iter(dataset))
    for got, expected in zip(inside, augmented(images, labels, settings), strict=True):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_the_seed_decides(settings):
    images, labels = batch_of(5)
    first, again, other = (
        augmented(images, labels, settings, seed=seed)[0] for seed in ((1, 2), (1, 2), (1, 3))
    )
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


def test_masks_are_silence_no_wider_than_their_share_and_differ_between_images():
    images, labels = batch_of(10)
    settings = AugmentSettings(spec_augment=SpecAugmentSettings(enabled=True, time_masks=1, freq_masks=1))
    masked = augmented(images, labels, settings)[0][..., 0] == 0
    frames, bands = masked.all(axis=2).sum(axis=1), masked.all(axis=1).sum(axis=1)
    assert frames.max() <= 18  # 20 % of 92
    assert bands.max() <= 12  # 15 % of 80
    assert len(set(frames)) > 3
    assert len(set(bands)) > 3


def test_masks_are_by_default_as_strong_as_those_of_the_winning_systems():
    """2 x 20 % of the frames and 2 x 15 % of the bands at most; half of that on average, less what overlaps."""
    images = tf.ones((2000, 100, 100, 1))
    settings = AugmentSettings(spec_augment=SpecAugmentSettings(enabled=True))
    masked = augmented(images, tf.zeros((2000, 1)), settings)[0][..., 0] == 0
    for axis, most, mean in ((2, 40, 19), (1, 30, 14.5)):
        widths = masked.all(axis=axis).sum(axis=1)
        assert most - 3 <= widths.max() <= most
        assert widths.mean() == pytest.approx(mean, abs=0.7)


@pytest.mark.parametrize(
    ("crop", "frames_change", "bands_change"), [((0.5, 1.0), True, False), ((1.0, 0.5), False, True)]
)
def test_each_axis_is_cropped_by_its_own_setting(crop, frames_change, bands_change):
    ramp = np.arange(50, dtype=np.float32)
    settings = AugmentSettings(crop=CropSettings(*crop))
    for axis, changes in ((1, frames_change), (2, bands_change)):
        image = np.broadcast_to(np.expand_dims(ramp, (0, 3 - axis, 3)), (4, 50, 50, 1))
        out = augmented(tf.constant(image), tf.zeros((4, 1)), settings)[0]
        lines = out.mean(axis=(3 - axis, 3))
        steps = np.diff(lines, axis=1)
        assert (steps.max() < 0.999) == changes
        assert steps.min() >= 0.5 - 1e-4
        assert not changes or len(set(steps[:, 0])) == 4, "every image has a piece of its own"


def test_masks_come_after_the_crop_and_are_no_wider_for_it():
    images, labels = batch_of(10)
    whole = augmented(images, labels, AugmentSettings(spec_augment=SPEC))[0]
    cropped = augmented(images, labels, AugmentSettings(spec_augment=SPEC, crop=CropSettings(0.5, 0.5)))[0]
    np.testing.assert_array_equal(whole == 0, cropped == 0)
    assert np.any(whole != cropped)


def test_weights_are_blended_as_the_images():
    weights, chosen = tf.constant([0.1, 0.9, 0.4, 0.7]), tf.constant([True, False, True, True])
    images = tf.ones((4, 8, 8, 1)) * weights[:, tf.newaxis, tf.newaxis, tf.newaxis]
    batch = Batch(images, tf.zeros((4, 1)), weights, chosen)
    out = augment_images(batch, tf.constant([1, 2]), SETTINGS["mixup"])
    np.testing.assert_array_equal(out.weights, out.inputs[:, 0, 0, 0])
    assert (out.weights.numpy() != weights.numpy()).tolist() == [True, False, True, True]


def test_masks_of_frames_and_bands_are_drawn_apart():
    images, labels = batch_of(10)
    settings = AugmentSettings(
        spec_augment=SpecAugmentSettings(enabled=True, time_mask_share=0.2, freq_mask_share=0.2)
    )
    masked = augmented(images[:, :80], labels, settings)[0][..., 0] == 0
    assert (masked.all(axis=2) != masked.all(axis=1)).any(axis=1).all()


def test_mixup_sees_the_masks_of_both_rows():
    """Where two masked images are blended, a value is 0 only under both masks."""
    images, labels = batch_of(8)
    masked, _ = augmented(images, labels, SETTINGS["spec_augment"])
    blended, _ = augmented(images, labels, SETTINGS["both"])
    np.testing.assert_array_equal(blended == 0, (masked == 0) & (np.roll(masked, -1, axis=0) == 0))


def test_or_ed_labels_of_a_whole_batch():
    images, labels = batch_of(8)
    _, blended = augmented(images, labels, SETTINGS["both"])
    np.testing.assert_array_equal(blended, np.maximum(labels, np.roll(labels, -1, axis=0)))
