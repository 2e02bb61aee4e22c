import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import kstest

from tagging.augment.time_warp import apply_warp, draw_warp

SEED = tf.constant([3, 4])
FRAMES = 21


def ramps(points, shifts):
    """Warped images of frame numbers, (batch, frames): they show where each frame came from."""
    ramp = np.broadcast_to(
        np.arange(FRAMES, dtype=np.float32)[None, :, None, None], (len(points), FRAMES, 2, 3)
    )
    warped = apply_warp(tf.constant(ramp), tf.constant(points), tf.constant(shifts)).numpy()
    np.testing.assert_array_equal(warped, np.broadcast_to(warped[:, :, :1, :1], warped.shape))
    return warped[:, :, 0, 0]


def test_no_shift_is_the_identity():
    images = np.random.default_rng(0).uniform(0, 255, (2, FRAMES, 4, 1)).astype(np.float32)
    warped = apply_warp(tf.constant(images), tf.constant([7.0, 12.5]), tf.constant([0.0, 0.0]))
    np.testing.assert_allclose(warped, images, atol=1e-3)


def test_a_ramp_becomes_the_piecewise_linear_ramp():
    points, shifts = [8.0, 10.0, 6.5], [4.0, -5.0, 2.25]
    expected = [
        np.interp(np.arange(FRAMES), [0, p + s, FRAMES - 1], [0, p, FRAMES - 1])
        for p, s in zip(points, shifts, strict=True)
    ]
    np.testing.assert_allclose(ramps(points, shifts), expected, atol=1e-5)


def test_the_point_arrives_and_the_ends_stay():
    warped = ramps([8.0], [3.0])[0]
    assert warped[[0, 11, 20]] == pytest.approx([0.0, 8.0, 20.0], abs=1e-5)


@pytest.mark.parametrize(("point", "shift"), [(4.0, -4.0), (16.0, 4.0)])
def test_a_point_may_arrive_at_an_end(point, shift):
    warped = ramps([point], [shift])[0]
    assert np.isfinite(warped).all()
    assert (np.diff(warped) >= 0).all()


def test_other_images_are_resampled_linearly():
    images = np.random.default_rng(1).uniform(0, 255, (1, FRAMES, 1, 1)).astype(np.float32)
    warped = apply_warp(tf.constant(images), tf.constant([8.0]), tf.constant([4.0]))[0, :, 0, 0]
    source = np.interp(np.arange(FRAMES), [0, 12, 20], [0, 8, 20])
    np.testing.assert_allclose(warped, np.interp(source, np.arange(FRAMES), images[0, :, 0, 0]), atol=1e-3)


def test_points_and_shifts_are_uniform():
    points, shifts = draw_warp(5000, 92, 10, SEED)
    assert kstest(points, "uniform", (10, 71)).pvalue > 0.001
    assert kstest(shifts, "uniform", (-10, 20)).pvalue > 0.001
    assert abs(np.corrcoef(points, shifts)[0, 1]) < 0.05


def test_a_warp_that_reaches_too_far_names_its_key():
    draw_warp(1, 22, 10, SEED)
    with pytest.raises(ValueError, match=r"spec_augment.time_warp_frames: expected under 10 .*received 10"):
        draw_warp(1, 21, 10, SEED)
