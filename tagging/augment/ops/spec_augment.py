"""SpecAugment: a warp along time, and masks."""

from dataclasses import dataclass
from typing import Any

from foundation.settings import Settings, setting
from tagging.augment.op import Batch, Op, Rows


@dataclass(frozen=True)
class SpecAugmentSettings(Settings):
    """SpecAugment: masks of silence over frames and bands, and a warp along time.

    Method: Park et al. 2019, arXiv:1904.08779. Two masks along each axis are its policies LD and SM; shares
    of 20 % of the frames and 15 % of the bands are those of a leading FSDKaggle2019 system. No time warp, as
    the paper itself finds it the least useful part (its section 5).
    """

    enabled: bool = setting(False, "whether SpecAugment is on")
    time_masks: int = setting(2, "number of masks over frames", at_least=0, at_most=1_000)
    time_mask_share: float = setting(
        0.2,
        "largest width of a mask, as a share of the frames (rounded to whole frames)",
        at_least=0,
        at_most=1,
    )
    freq_masks: int = setting(2, "number of masks over bands", at_least=0, at_most=1_000)
    freq_mask_share: float = setting(
        0.15,
        "largest width of a mask, as a share of the bands (rounded to whole bands)",
        at_least=0,
        at_most=1,
    )
    time_warp_frames: int = setting(
        0, "largest shift of a point in time; 0: no warp", at_least=0, at_most=1_000_000, unit="frames"
    )


def draw_for_warp(rows: Rows, seed: Any, spec: SpecAugmentSettings) -> Any:
    import tensorflow as tf

    from tagging.augment.time_warp import draw_warp

    if not spec.time_warp_frames:
        return ()
    return draw_warp(rows.n, rows.shape[0], spec.time_warp_frames, tf.random.split(seed, 3)[0])


def warp(batch: Batch, drawn: Any, spec: SpecAugmentSettings) -> Batch:
    from tagging.augment.time_warp import apply_warp

    return batch._replace(inputs=apply_warp(batch.inputs, *drawn)) if drawn else batch


def draw_for_masks(rows: Rows, seed: Any, spec: SpecAugmentSettings) -> Any:
    import tensorflow as tf

    from tagging.augment.spec_augment import draw_masks, draw_masks_within

    frames, bands, _ = rows.shape
    seeds = tf.random.split(seed, 3)
    band_masks = draw_masks(rows.n, bands, spec.freq_masks, round(spec.freq_mask_share * bands), seeds[1])
    if rows.lengths is not None:
        return band_masks, draw_masks_within(rows.lengths, spec.time_masks, spec.time_mask_share, seeds[2])
    widest = round(spec.time_mask_share * frames)
    return band_masks, draw_masks(rows.n, frames, spec.time_masks, widest, seeds[2])


def mask(batch: Batch, drawn: Any, spec: SpecAugmentSettings) -> Batch:
    from tagging.augment.spec_augment import BANDS, FRAMES, apply_masks

    images = batch.inputs
    for axis, (starts, widths) in zip((BANDS, FRAMES), drawn, strict=True):
        images = apply_masks(images, starts, widths, axis)
    return batch._replace(inputs=images)


# Masks come after the crop, so that it widens none, and after the noise, so that they stay empty.
_SETTINGS = {"spec_augment": SpecAugmentSettings}
OPS = (
    Op(draw_for_warp, warp, _SETTINGS, place=200, stream=0, needs_frames=("time_warp_frames",)),
    Op(draw_for_masks, mask, _SETTINGS, place=400, stream=0, fills_zero=True),
)
