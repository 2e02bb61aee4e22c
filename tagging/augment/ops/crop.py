"""Random resized crop of images."""

from dataclasses import dataclass
from typing import Any

from foundation.settings import Settings, setting
from tagging.augment.op import Batch, Op


@dataclass(frozen=True)
class CropSettings(Settings):
    """Random resized crop: a random rectangle of the image is stretched to the whole.

    Method: Inception's crop (Szegedy et al. 2015, arXiv:1409.4842, section 6), here with a share for each axis
    instead of one of the area: time and frequency are no pair of equals. A smaller share of the frames is a
    faster clip's look slowed down, one of the bands a shifted and stretched pitch.
    """

    min_time_share: float = setting(
        1.0, "lowest share of the frames that is kept; 1: all of them", above=0, at_most=1
    )
    min_band_share: float = setting(
        1.0, "lowest share of the bands that is kept; 1: all of them", above=0, at_most=1
    )

    @property
    def enabled(self) -> bool:
        """Whether anything is cut off."""
        return min(self.min_time_share, self.min_band_share) < 1.0


def apply(batch: Batch, seed: Any, crop: CropSettings) -> Batch:
    import tensorflow as tf

    from tagging.augment.crop import apply_crop, draw_crop
    from tagging.augment.spec_augment import BANDS, FRAMES

    images, seeds = batch.inputs, tf.random.split(seed, 2)
    plan = ((FRAMES, crop.min_time_share, seeds[0]), (BANDS, crop.min_band_share, seeds[1]))
    for axis, min_share, axis_seed in plan:
        if min_share < 1.0:
            starts, shares = draw_crop(tf.shape(images)[0], min_share, axis_seed)
            images = apply_crop(images, starts, shares, axis)
    return batch._replace(inputs=images)


OPS = (Op(apply, {"crop": CropSettings}, place=100, stream=2, needs_frames=("min_time_share",)),)
