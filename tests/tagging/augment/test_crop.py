"""Random resized crop against NumPy's interpolation and TensorFlow's bilinear crop."""

import numpy as np
import pytest
import tensorflow as tf

from tagging.augment.crop import apply_crop, draw_crop
from tagging.augment.resample import resample
from tagging.augment.spec_augment import BANDS, FRAMES


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (3, 9, 7, 2)).astype(np.float32)


def cropped(images, starts, shares, axis):
    return apply_crop(*map(tf.constant, (images, np.float32(starts), np.float32(shares))), axis).numpy()


@pytest.mark.parametrize(("axis", "length"), [(FRAMES, 9), (BANDS, 7)])
def test_as_numpy_interpolates(images, axis, length):
    starts, shares = [0.0, 0.2, 0.5], [0.6, 0.8, 0.25]
    out = cropped(images, starts, shares, axis)
    for row, (start, share) in enumerate(zip(starts, shares, strict=True)):
        places = (length - 1) * (start + share * np.linspace(0, 1, length))
        lines = np.moveaxis(images[row], axis - 1, -1)
        expected = np.apply_along_axis(lambda line: np.interp(places, range(length), line), -1, lines)  # noqa: B023
        np.testing.assert_allclose(np.moveaxis(out[row], axis - 1, -1), expected, rtol=1e-4, atol=1e-3)


def test_both_axes_make_a_bilinear_crop(images):
    starts, shares = (
        np.array([[0.1, 0.3], [0.0, 0.2], [0.4, 0.0]]),
        np.array([[0.5, 0.6], [0.9, 0.7], [0.3, 0.5]]),
    )
    out = cropped(cropped(images, starts[:, 0], shares[:, 0], FRAMES), starts[:, 1], shares[:, 1], BANDS)
    boxes = tf.constant(np.hstack([starts, starts + shares]), tf.float32)
    expected = tf.image.crop_and_resize(images, boxes, tf.range(3), (9, 7))
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("axis", [FRAMES, BANDS])
def test_the_whole_axis_changes_no_bit(images, axis):
    np.testing.assert_array_equal(cropped(images, [0.0] * 3, [1.0] * 3, axis), images)


def test_beyond_an_end_is_the_end(images):
    out = resample(tf.constant(images), tf.constant([[-0.5, 0.0, 8.0, 8.5]] * 3), FRAMES).numpy()
    np.testing.assert_array_equal(out, images[:, [0, 0, 8, 8]])


def test_pieces_are_uniform_and_fit():
    starts, shares = (part.numpy() for part in draw_crop(20_000, 0.6, tf.constant([1, 2])))
    np.testing.assert_allclose(np.quantile(shares, [0, 0.5, 1]), [0.6, 0.8, 1.0], atol=0.01)
    assert starts.min() >= 0
    assert (starts + shares).max() <= 1 + 1e-6
    assert (starts / np.maximum(1 - shares, 1e-9))[shares < 0.99].mean() == pytest.approx(0.5, abs=0.01)
