"""Images read at places between their frames or bands."""

from typing import Any

from keras import ops

from tagging.augment.spec_augment import FRAMES


def resample(images: Any, source: Any, axis: int) -> Any:
    """Images whose `axis` is read at `source`, linearly between neighbours; beyond an end, the end.

    Args:
        images: (batch, frames, bands, channels) float32.
        source: (batch, places) float32, in steps of `axis`.
        axis: FRAMES or BANDS of `spec_augment`.
    """
    last = ops.shape(images)[axis] - 1
    below = ops.clip(ops.cast(ops.floor(source), "int32"), 0, last)
    above = ops.minimum(below + 1, last)
    share = ops.clip(source - ops.cast(below, "float32"), 0.0, 1.0)
    share = share[:, :, None, None] if axis == FRAMES else share[:, None, :, None]
    lower = _at(images, below, axis)
    return lower + share * (_at(images, above, axis) - lower)


def _at(images: Any, places: Any, axis: int) -> Any:
    """The frames or bands of each image at its own places, (batch, places)."""
    return ops.vectorized_map(lambda row: ops.take(row[0], row[1], axis=axis - 1), (images, places))
