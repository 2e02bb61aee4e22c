"""SpecAugment: a warp along time, and masks."""

from dataclasses import dataclass
from typing import Any

from tagging.augment.checks import check
from tagging.augment.op import Batch, Op


@dataclass(frozen=True)
class SpecAugmentSettings:
    """SpecAugment: masks of silence over frames and bands, and a warp along time.

    Method: Park et al. 2019, arXiv:1904.08779. Two masks along each axis are its policies LD and SM; shares
    of 20 % of the frames and 15 % of the bands are those of a leading FSDKaggle2019 system. No time warp, as
    the paper itself finds it the least useful part (its section 5).

    Attributes:
        enabled: whether any of this happens.
        time_masks: number of masks over frames.
        time_mask_share: largest width of one, as a share of the frames, 0 to 1 (rounded to whole frames).
        freq_masks: number of masks over bands.
        freq_mask_share: largest width of one, as a share of the bands, 0 to 1 (rounded to whole bands).
        time_warp_frames: largest shift of a point in time, in frames; 0: no warp.
    """

    enabled: bool = False
    time_masks: int = 2
    time_mask_share: float = 0.2
    freq_masks: int = 2
    freq_mask_share: float = 0.15
    time_warp_frames: int = 0

    def __post_init__(self) -> None:
        for name in ("time_masks", "freq_masks", "time_warp_frames"):
            value = getattr(self, name)
            check(value >= 0, f"spec_augment.{name}", "0 or more", value)
        for name in ("time_mask_share", "freq_mask_share"):
            value = getattr(self, name)
            check(0.0 <= value <= 1.0, f"spec_augment.{name}", "a share from 0 to 1", value)


def warp(batch: Batch, seed: Any, spec: SpecAugmentSettings) -> Batch:
    import tensorflow as tf

    from tagging.augment.time_warp import apply_warp, draw_warp

    if not spec.time_warp_frames:
        return batch
    images, warp_seed = batch.inputs, tf.random.split(seed, 3)[0]
    points, shifts = draw_warp(tf.shape(images)[0], images.shape[1], spec.time_warp_frames, warp_seed)
    return batch._replace(inputs=apply_warp(images, points, shifts))


def mask(batch: Batch, seed: Any, spec: SpecAugmentSettings) -> Batch:
    import tensorflow as tf

    from tagging.augment.spec_augment import (
        BANDS,
        FRAMES,
        apply_masks,
        draw_masks,
        draw_masks_within,
        own_lengths,
    )

    images, seeds = batch.inputs, tf.random.split(seed, 3)
    plan = (
        (BANDS, spec.freq_masks, spec.freq_mask_share, seeds[1]),
        (FRAMES, spec.time_masks, spec.time_mask_share, seeds[2]),
    )
    for axis, masks, share, axis_seed in plan:
        length = images.shape[axis]
        if length is None:
            starts, widths = draw_masks_within(own_lengths(images), masks, share, axis_seed)
        else:
            starts, widths = draw_masks(tf.shape(images)[0], length, masks, round(share * length), axis_seed)
        images = apply_masks(images, starts, widths, axis)
    return batch._replace(inputs=images)


# Masks come after the crop, so that it widens none, and after the noise, so that they stay empty.
_SETTINGS = {"spec_augment": SpecAugmentSettings}
OPS = (
    Op(warp, _SETTINGS, place=200, stream=0, needs_frames=("time_warp_frames",)),
    Op(mask, _SETTINGS, place=400, stream=0, fills_zero=True),
)
