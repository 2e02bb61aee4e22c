"""All augmentations of a batch of images, in their order."""

import tensorflow as tf

from tagging.augment.crop import apply_crop, draw_crop
from tagging.augment.mixup import apply_mixup, draw_shares
from tagging.augment.settings import AugmentSettings, CropSettings, MixUpSettings, SpecAugmentSettings
from tagging.augment.spec_augment import BANDS, FRAMES, apply_masks, draw_masks
from tagging.augment.time_warp import apply_warp, draw_warp

_CROP = 2  # its stream of random numbers; 0 and 1 are SpecAugment's and MixUp's


def augment_batch(
    images: tf.Tensor, labels: tf.Tensor, is_augmented: tf.Tensor, seed: tf.Tensor, settings: AugmentSettings
):
    """Crop, time warp, masks, then MixUp, of the rows where `is_augmented`; the others stay bit for bit.

    Stateless: the same arguments give the same batch, inside tf.data and outside. MixUp's partner is the
    next row as it is after crop, warp and masks, so the order of the batch must be shuffled.

    Args:
        images: (batch, frames, bands, channels) float32, at least 0, 0 = silence; frames and bands static.
        labels: (batch, classes) float32.
        is_augmented: (batch,) bool.
        seed: (2,) integers, another for each batch and epoch.
        settings: what happens.

    Returns:
        images, labels: as given.

    Raises:
        ValueError: if the time warp reaches too far for the frames.
    """
    spec_seed, crop_seed = tf.random.split(seed, 2)[0], tf.random.fold_in(seed, _CROP)
    augmented = images
    if settings.crop.enabled:
        augmented = _crop(augmented, crop_seed, settings.crop)
    if settings.spec_augment.enabled:
        augmented = _spec_augment(augmented, spec_seed, settings.spec_augment)
    images = tf.where(is_augmented[:, tf.newaxis, tf.newaxis, tf.newaxis], augmented, images)
    if settings.mixup.alpha > 0:
        shares = mixup_shares(is_augmented, seed, settings.mixup)
        images, labels = apply_mixup(images, labels, shares, settings.mixup.labels)
    return images, labels


def mixup_shares(is_augmented: tf.Tensor, seed: tf.Tensor, settings: MixUpSettings) -> tf.Tensor:
    """Each row's own share in its blend, (batch,) float32; 1 where nothing is blended.

    With the arguments of `augment_batch` these are the shares that it uses, so that whatever else goes with the
    rows (their weights in the loss) can be blended alike.
    """
    if settings.alpha == 0:
        return tf.ones_like(is_augmented, tf.float32)
    shares = draw_shares(tf.shape(is_augmented)[0], settings.alpha, tf.random.split(seed, 2)[1])
    return tf.where(is_augmented, shares, 1.0)


def _crop(images: tf.Tensor, seed: tf.Tensor, settings: CropSettings) -> tf.Tensor:
    seeds = tf.random.split(seed, 2)
    plan = ((FRAMES, settings.min_time_share, seeds[0]), (BANDS, settings.min_band_share, seeds[1]))
    for axis, min_share, axis_seed in plan:
        if min_share < 1.0:
            starts, shares = draw_crop(tf.shape(images)[0], min_share, axis_seed)
            images = apply_crop(images, starts, shares, axis)
    return images


def _spec_augment(images: tf.Tensor, seed: tf.Tensor, settings: SpecAugmentSettings) -> tf.Tensor:
    seeds = tf.random.split(seed, 3)
    batch, frames = tf.shape(images)[0], images.shape[FRAMES]
    if settings.time_warp_frames:
        images = apply_warp(images, *draw_warp(batch, frames, settings.time_warp_frames, seeds[0]))
    plan = (
        (BANDS, settings.freq_masks, settings.freq_mask_share, seeds[1]),
        (FRAMES, settings.time_masks, settings.time_mask_share, seeds[2]),
    )
    for axis, masks, share, axis_seed in plan:
        length = images.shape[axis]
        starts, widths = draw_masks(batch, length, masks, round(share * length), axis_seed)
        images = apply_masks(images, starts, widths, axis)
    return images
