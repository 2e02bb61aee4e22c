import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import beta

from tagging.augment.mixup import apply_mixup, draw_shares


@pytest.fixture
def batch():
    images = np.random.default_rng(0).uniform(0, 255, (3, 4, 5, 2)).astype(np.float32)
    return images, np.array([[1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]], np.float32)


def mixed(images, labels, shares, label_mode):
    blend = apply_mixup(tf.constant(images), tf.constant(labels), tf.constant(shares, tf.float32), label_mode)
    return tuple(part.numpy() for part in blend)


def test_each_image_is_blended_with_the_next_by_its_own_share(batch):
    images, labels = batch
    blended, _ = mixed(images, labels, [0.75, 0.5, 0.9], "mix")
    np.testing.assert_allclose(blended[0], 0.75 * images[0] + 0.25 * images[1], rtol=1e-5)
    np.testing.assert_allclose(blended[1], 0.5 * images[1] + 0.5 * images[2], rtol=1e-5)
    np.testing.assert_allclose(blended[2], 0.9 * images[2] + 0.1 * images[0], rtol=1e-5)


def test_mixed_labels(batch):
    _, labels = mixed(*batch, [0.75, 0.5, 0.9], "mix")
    expected = [[0.75, 0.25, 0.25, 0], [0, 0.5, 1, 0.5], [0.1, 0, 0.9, 0.9]]
    np.testing.assert_allclose(labels, expected, atol=1e-6)


def test_or_ed_labels(batch):
    _, labels = mixed(*batch, [0.75, 0.5, 0.9], "or")
    np.testing.assert_array_equal(labels, [[1, 1, 1, 0], [0, 1, 1, 1], [1, 0, 1, 1]])


@pytest.mark.parametrize("label_mode", ["mix", "or"])
def test_a_whole_share_leaves_a_row_bit_for_bit(batch, label_mode):
    images, labels = batch
    blended, blended_labels = mixed(images, labels, [1.0, 0.6, 1.0], label_mode)
    np.testing.assert_array_equal(blended[[0, 2]], images[[0, 2]])
    np.testing.assert_array_equal(blended_labels[[0, 2]], labels[[0, 2]])
    assert np.any(blended[1] != images[1])


@pytest.mark.parametrize("label_mode", ["mix", "or"])
def test_a_batch_of_one_stays_bit_for_bit(batch, label_mode):
    images, labels = (part[:1] for part in batch)
    blended, blended_labels = mixed(images, labels, [0.6], label_mode)
    np.testing.assert_array_equal(blended, images)
    np.testing.assert_array_equal(blended_labels, labels)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_shares_are_the_larger_part_of_a_beta_draw(alpha):
    """max(l, 1 - l) of l from Beta(a, a) has the distribution function 2 F(x) - 1 on [0.5, 1]."""
    shares = draw_shares(20_000, alpha, tf.constant([3, 4])).numpy()
    points = np.linspace(0.5, 0.999, 50)
    drawn = np.searchsorted(np.sort(shares), points) / len(shares)
    np.testing.assert_allclose(drawn, 2.0 * beta.cdf(points, alpha, alpha) - 1.0, atol=0.015)


def test_a_small_alpha_gives_no_nan():
    """Gamma(0.01) draws underflow to 0 so often that 0 / 0 would come up some 3,000 times."""
    shares = draw_shares(20_000, 0.01, tf.constant([1, 2])).numpy()
    assert ((shares >= 0.5) & (shares <= 1.0)).all()


def test_the_seed_decides():
    first, again, other = (
        draw_shares(20, 0.4, tf.constant(seed)).numpy() for seed in ([1, 2], [1, 2], [2, 2])
    )
    np.testing.assert_array_equal(first, again)
    assert np.all(first != other)
