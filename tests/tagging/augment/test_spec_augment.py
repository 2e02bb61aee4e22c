import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import chisquare

from tagging.augment.spec_augment import BANDS, FRAMES, apply_masks, draw_masks

SEED = tf.constant([3, 4])


def test_masks_over_frames_and_bands_are_where_they_should_be():
    images = tf.ones((2, 5, 4, 3))
    starts, widths = tf.constant([[1, 4], [0, 0]]), tf.constant([[2, 1], [0, 3]])
    over_frames = apply_masks(images, starts, widths, FRAMES).numpy()
    np.testing.assert_array_equal(over_frames[:, :, 0, 0], [[1, 0, 0, 1, 0], [0, 0, 0, 1, 1]])
    over_bands = apply_masks(images, starts, widths, BANDS).numpy()
    np.testing.assert_array_equal(over_bands[:, 0, :, 0], [[1, 0, 0, 1], [0, 0, 0, 1]])
    assert (over_frames == over_frames[:, :, :1, :1]).all()
    assert (over_bands == over_bands[:, :1, :, :1]).all()


def test_what_is_not_masked_stays_bit_for_bit():
    images = np.random.default_rng(0).uniform(0, 255, (1, 6, 5, 1)).astype(np.float32)
    masked = apply_masks(tf.constant(images), tf.constant([[2]]), tf.constant([[3]]), FRAMES).numpy()
    np.testing.assert_array_equal(masked[:, [0, 1, 5]], images[:, [0, 1, 5]])
    assert not masked[:, 2:5].any()


@pytest.mark.parametrize("masks", [0, 1])
def test_no_mask_or_no_width_changes_nothing(masks):
    images = tf.random.stateless_uniform((3, 8, 6, 1), SEED)
    starts, widths = draw_masks(3, 8, masks, 0, SEED)
    np.testing.assert_array_equal(apply_masks(images, starts, widths, FRAMES), images)


def test_widths_are_uniform_from_nothing_to_the_largest():
    _, widths = draw_masks(4000, 92, 2, 18, SEED)
    counts = np.bincount(np.ravel(widths), minlength=19)
    assert len(counts) == 19
    assert chisquare(counts).pvalue > 0.001


def test_starts_are_uniform_over_every_place_where_the_mask_fits():
    starts, widths = (np.ravel(drawn) for drawn in draw_masks(20_000, 12, 2, 4, SEED))
    for width in range(5):
        counts = np.bincount(starts[widths == width], minlength=13 - width)
        assert len(counts) == 13 - width
        assert chisquare(counts).pvalue > 0.001


def test_widths_and_starts_are_independent_of_each_other_and_between_masks():
    starts, widths = draw_masks(20_000, 1000, 2, 10, SEED)
    drawn = np.concatenate([starts, widths], axis=1).T
    assert np.abs(np.corrcoef(drawn) - np.eye(4)).max() < 0.03


def test_a_mask_can_cover_the_whole_axis():
    starts, widths = draw_masks(2000, 3, 1, 3, SEED)
    assert set(np.ravel(starts)[np.ravel(widths) == 3]) == {0}
    assert np.max(starts + widths) == 3


def test_the_seed_decides():
    first, again, other = (draw_masks(50, 92, 2, 18, tf.constant(seed)) for seed in ([1, 2], [1, 2], [1, 3]))
    np.testing.assert_array_equal(first, again)
    assert np.any(np.array(first) != np.array(other))
