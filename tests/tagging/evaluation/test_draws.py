"""Figures under draws of clips against scikit-learn's with weights, and intervals as wide as they have to be."""

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    mean_absolute_error,
    mean_squared_error,
    precision_recall_fscore_support,
    r2_score,
    roc_auc_score,
)

from tagging.evaluation import bootstrap
from tagging.evaluation.bootstrap import class_figures, draw_weights, limits, mean_of_classes
from tagging.evaluation.task_kinds import KINDS

RNG = np.random.default_rng(4)
N = 40
GROUPS = [f"g{i // 2}" if i % 5 else "" for i in range(N)]


@pytest.fixture
def weights():
    return draw_weights(GROUPS, seed=2)[:25]


def test_a_draw_has_as_many_groups_as_there_are_and_whole_ones():
    found = draw_weights(GROUPS, seed=2)
    names = np.array([group or f"alone {i}" for i, group in enumerate(GROUPS)])
    firsts = np.unique(names, return_index=True)[1]
    assert found.shape == (bootstrap.DRAWS, N)
    assert (found[:, firsts].sum(axis=1) == len(firsts)).all()
    for first in firsts:
        same = names == names[first]
        assert (found[:, same] == found[:, [first]]).all()
    assert found.mean() == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(found, draw_weights(GROUPS, seed=2))


def test_ranked_figures_are_scikit_learns_with_ties_and_weights(weights):
    targets = (RNG.random((N, 3)) < 0.3).astype(float)
    scores = np.round(targets + RNG.normal(size=targets.shape), 1)
    found = class_figures(KINDS["multilabel"], targets, scores, weights)
    for name, score in (("ap", average_precision_score), ("auc", roc_auc_score)):
        expected = [
            [score(targets[:, k], scores[:, k], sample_weight=row) for k in range(3)] for row in weights
        ]
        np.testing.assert_allclose(found[name], expected, rtol=1e-5)


def test_decided_figures_are_scikit_learns_with_weights(weights):
    labels = RNG.integers(4, size=N)
    scores = np.eye(4)[labels] + RNG.normal(size=(N, 4))
    found = class_figures(KINDS["multiclass"], np.eye(4)[labels], scores, weights)
    for row, *figures in zip(weights, *(found[key] for key in ("precision", "recall", "f1")), strict=True):
        expected = precision_recall_fscore_support(
            labels, scores.argmax(axis=1), sample_weight=row, labels=range(4), zero_division=np.nan
        )
        np.testing.assert_allclose(figures, expected[:3], rtol=1e-5)


def test_errors_are_scikit_learns_with_weights(weights):
    targets, values = 50 + RNG.normal(size=(N, 2)), 50 + RNG.normal(size=(N, 2))
    found = class_figures(KINDS["regression"], targets, values, weights)
    for name, score in (("mse", mean_squared_error), ("mae", mean_absolute_error), ("r2", r2_score)):
        expected = [
            score(targets, values, sample_weight=row, multioutput="raw_values")
            for row in weights.astype(float)
        ]
        np.testing.assert_allclose(found[name], expected, rtol=1e-5)


def test_a_class_that_does_not_occur_has_no_figure():
    targets, scores = np.zeros((6, 2)), np.arange(12.0).reshape(6, 2)
    targets[:3, 0] = 1
    found = class_figures(KINDS["multilabel"], targets, scores, np.ones((4, 6), np.float32))
    assert np.isfinite(found["ap"][:, 0]).all()
    assert np.isnan(found["ap"][:, 1]).all()
    assert np.isnan(found["auc"][:, 1]).all()
    np.testing.assert_array_equal(mean_of_classes(found["ap"])[:, 0], found["ap"][:, 0])


def test_chunks_change_nothing(monkeypatch, weights):
    targets = (RNG.random((N, 2)) < 0.5).astype(float)
    scores = RNG.normal(size=(N, 2))
    whole = class_figures(KINDS["multilabel"], targets, scores, weights)
    monkeypatch.setattr(bootstrap, "_CHUNK_WEIGHTS", 3 * N)
    parts = class_figures(KINDS["multilabel"], targets, scores, weights)
    for key, values in whole.items():
        np.testing.assert_array_equal(parts[key], values)


def test_limits_are_percentiles_of_the_draws_that_have_a_figure():
    drawn = RNG.normal(size=(bootstrap.DRAWS, 3))
    drawn[:100, 1] = np.nan
    drawn[:400, 2] = np.nan
    low, high = limits(drawn)
    np.testing.assert_allclose([low[0], high[0]], np.percentile(drawn[:, 0], (2.5, 97.5)))
    np.testing.assert_allclose([low[1], high[1]], np.percentile(drawn[100:, 1], (2.5, 97.5)))
    assert np.isnan([low[2], high[2]]).all()


def test_an_interval_of_a_mean_is_as_wide_as_theory_says():
    errors = np.abs(np.random.default_rng(0).normal(size=400))
    weights = draw_weights([""] * 400, seed=0)
    found = class_figures(KINDS["regression"], np.zeros((400, 1)), errors[:, np.newaxis], weights)["mae"]
    low, high = (each[0] for each in limits(found))
    assert high - low == pytest.approx(2 * 1.96 * errors.std() / 20, rel=0.1)
    assert low < errors.mean() < high


@pytest.mark.parametrize("task", KINDS)
def test_of_fewer_than_five_groups_there_are_no_draws_and_no_limits(task):
    targets = np.eye(3)[RNG.integers(3, size=N)]
    weights = draw_weights([f"g{i % 4}" for i in range(N)], seed=0)
    assert weights.shape == (0, N)
    found = class_figures(KINDS[task], targets, RNG.normal(size=targets.shape), weights)
    for figures in (*found.values(), *map(mean_of_classes, found.values())):
        assert np.isnan(limits(figures)).all()
