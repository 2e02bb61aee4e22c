"""All augmentations of a batch of images, in their order."""

import tensorflow as tf

from tagging.augment.mixup import apply_mixup, draw_shares
from tagging.augment.settings import AugmentSettings, SpecAugmentSettings
from tagging.augment.spec_augment import BANDS, FRAMES, apply_masks, draw_masks
from tagging.augment.time_warp import apply_warp, draw_warp


def augment_batch(
    images: tf.Tensor, labels: tf.Tensor, is_augmented: tf.Tensor, seed: tf.Tensor, settings: AugmentSettings
):
    """Time warp, masks, then MixUp, of the rows where `is_augmented`; the others stay bit for bit.

    Stateless: the same arguments give the same batch, inside tf.data and outside. MixUp's partner is the
    next row as it is after warp and masks, so the order of the batch must be shuffled.

    Args:
        images: (batch, frames, bands, channels) float32, 0-255, 0 = silence; frames and bands static.
        labels: (batch, classes) float32.
        is_augmented: (batch,) bool.
        seed: (2,) integers, another for each batch and epoch.
        settings: what happens.

    Returns:
        images, labels: as given.

    Raises:
        ValueError: if the time warp reaches too far for the frames.
    """
    seeds = tf.random.split(seed, 2)
    if settings.spec_augment.enabled:
        augmented = _spec_augment(images, seeds[0], settings.spec_augment)
        images = tf.where(is_augmented[:, tf.newaxis, tf.newaxis, tf.newaxis], augmented, images)
    if settings.mixup.alpha > 0:
        shares = draw_shares(tf.shape(images)[0], settings.mixup.alpha, seeds[1])
        shares = tf.where(is_augmented, shares, 1.0)
        images, labels = apply_mixup(images, labels, shares, settings.mixup.labels)
    return images, labels


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
