"""SpecAugment's time warp: a point in time moves, the ends stay, what lies between is stretched."""

from typing import Any

import tensorflow as tf
from keras import ops

from tagging.augment.resample import resample
from tagging.augment.spec_augment import FRAMES


def draw_warp(batch: tf.Tensor, frames: int, max_shift_frames: int, seed: tf.Tensor):
    """A random point of each image and where it goes.

    The point is uniform over [W, frames - 1 - W] and moves by a distance uniform over [-W, W], with
    W = max_shift_frames: Park et al. 2019, arXiv:1904.08779, section 2.

    Args:
        batch: number of images, scalar.
        frames: frames of an image, over 2 W + 1.
        max_shift_frames: W.
        seed: (2,) integers.

    Returns:
        points, shifts: (batch,) float32 each, in frames.

    Raises:
        ValueError: if the images are too short for W.
    """
    if 2 * max_shift_frames >= frames - 1:
        raise ValueError(
            f"spec_augment.time_warp_frames: expected under {(frames - 1) / 2:g} for images of {frames} "
            f"frames, received {max_shift_frames}; lower it or lengthen the window"
        )
    seeds = tf.random.split(seed, 2)
    reach = float(max_shift_frames)
    points = tf.random.stateless_uniform([batch], seeds[0], reach, frames - 1 - reach)
    return points, tf.random.stateless_uniform([batch], seeds[1], -reach, reach)


def apply_warp(images: Any, points: Any, shifts: Any) -> Any:
    """Images in which frame `point` stands at `point + shift`, resampled linearly on either side.

    One control point between fixed ends makes the paper's spline piecewise linear along time.

    Args:
        images: (batch, frames, bands, channels) float32.
        points, shifts: (batch,) float32, frames; 0 <= point + shift <= frames - 1.
    """
    frames = ops.shape(images)[FRAMES]
    source = _source_frames(frames, points[:, None], shifts[:, None])
    return resample(images, source, FRAMES)


def _source_frames(frames: Any, point: Any, shift: Any) -> Any:
    """Where each frame of the warped image comes from, (batch, frames), in frames."""
    position = ops.cast(ops.arange(frames), "float32")[None, :]
    last = ops.cast(frames - 1, "float32")
    target = point + shift
    left = position * ops.divide_no_nan(point, target)
    right = last - (last - position) * ops.divide_no_nan(last - point, last - target)
    return ops.where(position <= target, left, right)
