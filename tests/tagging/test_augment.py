import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from omegaconf import OmegaConf

from tagging.augment.batch import augment_batch
from tagging.augment.settings import AugmentSettings, MixUpSettings, SpecAugmentSettings

SPEC = SpecAugmentSettings(enabled=True, time_warp_frames=5)
MIX = MixUpSettings(alpha=0.4)
SETTINGS = {
    "spec_augment": AugmentSettings(spec_augment=SPEC),
    "mixup": AugmentSettings(mixup=MIX),
    "both": AugmentSettings(SPEC, MixUpSettings(alpha=0.4, labels="or")),
}


def batch_of(clips, seed=0):
    rng = np.random.default_rng(seed)
    images = rng.uniform(1, 255, (clips, 92, 80, 1)).astype(np.float32)
    return tf.constant(images), tf.constant(np.eye(10, dtype=np.float32)[rng.permutation(10)[:clips]])


def augmented(images, labels, settings, is_augmented=None, seed=(1, 2)):
    chosen = tf.fill([len(images)], True) if is_augmented is None else tf.constant(is_augmented)
    return [part.numpy() for part in augment_batch(images, labels, chosen, tf.constant(seed), settings)]


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
        return augment_batch(
            images, labels, tf.ones_like(labels[:, 0], tf.bool), tf.constant([1, 2]), settings
        )

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
    settings = AugmentSettings(SpecAugmentSettings(enabled=True, time_masks=1, freq_masks=1))
    masked = augmented(images, labels, settings)[0][..., 0] == 0
    frames, bands = masked.all(axis=2).sum(axis=1), masked.all(axis=1).sum(axis=1)
    assert frames.max() <= 18  # 20 % of 92
    assert bands.max() <= 12  # 15 % of 80
    assert len(set(frames)) > 3
    assert len(set(bands)) > 3


def test_masks_of_frames_and_bands_are_drawn_apart():
    images, labels = batch_of(10)
    settings = AugmentSettings(SpecAugmentSettings(enabled=True, time_mask_share=0.2, freq_mask_share=0.2))
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


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: SpecAugmentSettings(time_masks=-1),
            "spec_augment.time_masks: expected 0 or more, received -1",
        ),
        (lambda: SpecAugmentSettings(freq_mask_share=1.5), "spec_augment.freq_mask_share: .* received 1.5"),
        (lambda: SpecAugmentSettings(time_warp_frames=-2), "spec_augment.time_warp_frames: .* received -2"),
        (lambda: MixUpSettings(alpha=-0.1), "mixup.alpha: .* received -0.1"),
        (lambda: MixUpSettings(alpha=float("nan")), "mixup.alpha: .* received nan"),
        (lambda: MixUpSettings(labels="and"), r"mixup.labels: expected one of \['mix', 'or'\], received and"),
        (lambda: AugmentSettings(keep_originals=True), "keep_originals: expected false .* received true"),
    ],
)
def test_settings_out_of_range_name_their_key(make, message):
    with pytest.raises(ValueError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_settings_come_from_a_config():
    given = OmegaConf.create({"spec_augment": {"enabled": True, "time_masks": 3}, "mixup": {"labels": "or"}})
    settings = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(AugmentSettings), given))
    assert settings == AugmentSettings(
        SpecAugmentSettings(enabled=True, time_masks=3), MixUpSettings(labels="or")
    )


def test_settings_need_no_tensorflow():
    code = "import sys, tagging.augment.settings; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603
