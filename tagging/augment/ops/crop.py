"""Random resized crop of images."""

from dataclasses import dataclass
from typing import Any

from foundation.settings import Settings, setting
from tagging.augment.op import Batch, Op, Rows


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


def draw(rows: Rows, seed: Any, crop: CropSettings) -> Any:
    import tensorflow as tf

    from tagging.augment.crop import draw_crop

    seeds = tf.random.split(seed, 2)
    shares = (crop.min_time_share, crop.min_band_share)
    return tuple(draw_crop(rows.n, min_share, seeds[axis]) for axis, min_share in enumerate(shares))


def apply(batch: Batch, drawn: Any, crop: CropSettings) -> Batch:
    from tagging.augment.crop import apply_crop
    from tagging.augment.spec_augment import BANDS, FRAMES

    images = batch.inputs
    plan = zip((FRAMES, BANDS), (crop.min_time_share, crop.min_band_share), drawn, strict=True)
    for axis, min_share, (starts, shares) in plan:
        if min_share < 1.0:
            images = apply_crop(images, starts, shares, axis)
    return batch._replace(inputs=images)


OPS = (Op(draw, apply, {"crop": CropSettings}, place=100, stream=2, needs_frames=("min_time_share",)),)
