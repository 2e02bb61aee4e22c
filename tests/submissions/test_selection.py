"""Weights chosen greedily: never worse than equal ones, near the best, sparing with models that do not help."""

from functools import partial

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import average_precision_score

from submissions.activations import SIGMOID
from submissions.ensemble import METHODS, SubmissionError, average_folds, combine
from submissions.selection import select_weights


def draw(noises, clips=300, seed=0):
    """Targets, and the logits of models that see them through noise."""
    rng = np.random.default_rng(seed)
    targets = rng.random((clips, 4)) < 0.3
    return targets, [3.0 * targets - 2.0 + noise * rng.normal(size=targets.shape) for noise in noises]


def score(targets, logits, method="mean", weights=None):
    return average_precision_score(targets, combine(logits, SIGMOID, method, weights))


@pytest.mark.parametrize("method", ["mean", "geometric"])
def test_the_weights_are_near_the_best_of_a_grid(method):
    targets, logits = draw([2.0, 2.5, 6.0])
    weights = select_weights(logits, partial(average_precision_score, targets), SIGMOID, method)
    grid = [(a, b, 20 - a - b) for a in range(21) for b in range(21 - a)]
    best = max(score(targets, logits, method, np.array(each) / 20) for each in grid)
    assert weights.sum() == pytest.approx(1.0)
    assert weights.min() >= 0
    assert weights[0] > weights[2]
    assert score(targets, logits, method, weights) > best - 1e-3
    assert score(targets, logits, method, weights) > score(targets, logits, method) + 0.01


def test_a_model_of_noise_gets_little_and_a_perfect_one_all():
    targets, (good, noise) = draw([1.5, 1.5])
    noise = np.random.default_rng(5).permutation(noise)
    assert select_weights([noise, good], partial(average_precision_score, targets), SIGMOID)[1] > 0.9
    np.testing.assert_array_equal(
        select_weights([noise, 9.0 * targets], partial(average_precision_score, targets), SIGMOID), [0, 1]
    )


def test_equal_weights_where_nothing_is_better():
    targets, (good,) = draw([1.0])
    np.testing.assert_allclose(
        select_weights([good] * 3, partial(average_precision_score, targets), SIGMOID), np.full(3, 1 / 3)
    )


def test_models_that_help_alike_share_their_weight():
    yes, no = np.full((1, 1), 50.0), np.full((1, 1), -50.0)
    weights = select_weights([yes, yes, no], lambda scores: -abs(scores.mean() - 0.8), SIGMOID)
    np.testing.assert_allclose(weights, [0.4, 0.4, 0.2])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", range(3))
def test_the_plain_mean_is_never_better(method, seed):
    targets, logits = draw([2.0, 2.0, 3.0], clips=40, seed=seed)
    weights = select_weights(logits, partial(average_precision_score, targets), SIGMOID, method)
    assert score(targets, logits, method, weights) >= score(targets, logits, method) - 1e-12


def test_an_unknown_method_is_refused():
    with pytest.raises(SubmissionError, match="received 'median'"):
        select_weights([np.zeros((2, 3))], np.mean, SIGMOID, "median")


def test_folds_are_averaged_as_probabilities():
    logits = [np.random.default_rng(k).normal(-3, 3, (50, 7)).astype(np.float32) for k in range(3)]
    folds = average_folds(logits, SIGMOID)
    assert folds.dtype == np.float32
    expected = np.mean([expit(each.astype(float)) for each in logits], axis=0)
    np.testing.assert_allclose(expit(folds.astype(float)), expected, rtol=1e-5)
    np.testing.assert_allclose(average_folds(logits[:1], SIGMOID), logits[0], rtol=1e-5)


def test_sure_folds_do_not_saturate():
    folds = average_folds([np.array([[80.0, 90.0, -80.0]]), np.array([[80.0, 90.0, -90.0]])], SIGMOID)
    np.testing.assert_allclose(folds, [[80.0, 90.0, -80.0 - np.log(2)]], rtol=1e-4)
