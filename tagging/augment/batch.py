"""All augmentations of a batch of images, in their order."""

import tensorflow as tf

from tagging.augment.crop import apply_crop, draw_crop
from tagging.augment.mixup import apply_mixup, draw_shares
from tagging.augment.noise import apply_image_noise, draw_noise
from tagging.augment.settings import AugmentSettings, CropSettings, MixUpSettings, SpecAugmentSettings
from tagging.augment.spec_augment import BANDS, FRAMES, apply_masks, draw_masks, draw_masks_within
from tagging.augment.time_warp import apply_warp, draw_warp

_CROP, _NOISE = 2, 3  # streams of random numbers; 0 and 1 are SpecAugment's and MixUp's


def augment_batch(
    images: tf.Tensor, labels: tf.Tensor, is_augmented: tf.Tensor, seed: tf.Tensor, settings: AugmentSettings
):
    """Crop, time warp, noise, masks, then MixUp, of the rows where `is_augmented`; the others stay bit for bit.

    Stateless: the same arguments give the same batch, inside tf.data and outside. MixUp's partner is the
    next row as it is after all of these, so the order of the batch must be shuffled.

    Args:
        images: (batch, frames, bands, channels) float32, bands static. Rows of unequal length have NaN in all bands
            of the frames after their end. Where frames are not static, masks over frames are shares of a row's own
            length; otherwise of all frames.
        labels: (batch, classes) float32.
        is_augmented: (batch,) bool.
        seed: (2,) integers, another for each batch and epoch.
        settings: what happens.

    Returns:
        images, labels: as given.

    Raises:
        ValueError: the time warp reaches too far for the frames, or a part needs static frames.
    """
    if images.shape[FRAMES] is None and settings.of_fixed_frames:
        raise ValueError(
            f"augment.{settings.of_fixed_frames[0]}: expected images of a fixed number of frames, received sequences "
            "of unequal length; switch it off"
        )
    spec_seed, crop_seed = tf.random.split(seed, 2)[0], tf.random.fold_in(seed, _CROP)
    augmented = images
    if settings.crop.enabled:
        augmented = _crop(augmented, crop_seed, settings.crop)
    if settings.spec_augment.enabled:
        warp_seed, *mask_seeds = tf.unstack(tf.random.split(spec_seed, 3))
        augmented = _warp(augmented, warp_seed, settings.spec_augment)
    if settings.image_noise.deviation > 0:
        noise = draw_noise(tf.shape(augmented[..., :1]), tf.random.fold_in(seed, _NOISE))
        augmented = apply_image_noise(augmented, noise, settings.image_noise.deviation)
    if settings.spec_augment.enabled:
        augmented = _mask(augmented, mask_seeds, settings.spec_augment)
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


def _warp(images: tf.Tensor, seed: tf.Tensor, settings: SpecAugmentSettings) -> tf.Tensor:
    if not settings.time_warp_frames:
        return images
    batch, frames = tf.shape(images)[0], images.shape[FRAMES]
    return apply_warp(images, *draw_warp(batch, frames, settings.time_warp_frames, seed))


def _mask(images: tf.Tensor, seeds: list[tf.Tensor], settings: SpecAugmentSettings) -> tf.Tensor:
    plan = (
        (BANDS, settings.freq_masks, settings.freq_mask_share, seeds[0]),
        (FRAMES, settings.time_masks, settings.time_mask_share, seeds[1]),
    )
    for axis, masks, share, seed in plan:
        length = images.shape[axis]
        if length is None:
            starts, widths = draw_masks_within(_own_lengths(images), masks, share, seed)
        else:
            starts, widths = draw_masks(tf.shape(images)[0], length, masks, round(share * length), seed)
        images = apply_masks(images, starts, widths, axis)
    return images


def _own_lengths(images: tf.Tensor) -> tf.Tensor:
    """Frames of each row before its padding, (batch,) int32."""
    is_sound = ~tf.math.is_nan(images[:, :, 0, 0])
    return tf.reduce_sum(tf.cast(is_sound, tf.int32), axis=1)
