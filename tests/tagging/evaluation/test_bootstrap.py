"""Intervals against brute force, and as wide as they have to be."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.metrics import label_ranking_average_precision_score

from tagging.evaluation import bootstrap
from tagging.evaluation.bootstrap import interval_of, interval_of_difference
from tagging.evaluation.checks import EvaluationError
from tagging.evaluation.multilabel import clip_precisions, lwlrap
from tagging.evaluation.task_kinds import KINDS

LABELS = KINDS["multilabel"]


def draw(n, seed=0, noise=1.5, n_classes=8):
    """Targets and scores of n clips; every fifth has no label."""
    rng = np.random.default_rng(seed)
    targets = (rng.random((n, n_classes)) < 0.2).astype(np.float32)
    targets[np.arange(n), rng.integers(n_classes, size=n)] = 1
    targets[::5] = 0
    return targets, (targets + noise * rng.normal(size=targets.shape)).astype(np.float32)


def brute_force(statistic, units, seed=1, draws=1500):
    """Percentiles of a statistic of row numbers over draws of units (lists of row numbers)."""
    rng = np.random.default_rng(seed)
    values = [
        statistic(np.concatenate([units[i] for i in rng.integers(len(units), size=len(units))]))
        for _ in range(draws)
    ]
    return np.percentile(values, [2.5, 97.5])


def test_what_clips_add_up_to_is_scikit_learns_score():
    targets, scores = draw(60)
    precisions, labels = clip_precisions(targets, scores)
    exact = targets.astype(float)
    whole = label_ranking_average_precision_score(
        exact, scores.astype(float), sample_weight=exact.sum(axis=1)
    )
    assert precisions.sum() / labels.sum() == pytest.approx(whole, abs=1e-12)
    np.testing.assert_array_equal(labels, targets.sum(axis=1))
    one = label_ranking_average_precision_score(targets[1:2].astype(float), scores[1:2].astype(float))
    assert precisions[1] / labels[1] == pytest.approx(one)


def test_an_interval_is_that_of_the_score_over_drawn_clips():
    targets, scores = draw(150)
    found = interval_of(LABELS, targets, scores)
    labelled = [[i] for i in np.flatnonzero(targets.any(axis=1))]
    low, high = brute_force(lambda rows: lwlrap(targets[rows], scores[rows]), labelled)
    assert found.value == pytest.approx(lwlrap(targets, scores), abs=1e-12)
    assert found.n_units == 120
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.05 * (high - low))


def test_groups_are_drawn_whole_and_clips_without_one_alone():
    targets, scores = draw(120)
    groups = [f"{i // 6}" if i < 90 else "" for i in range(120)]
    found = interval_of(LABELS, targets, scores, groups)
    labelled = np.flatnonzero(targets.any(axis=1))
    units = [labelled[labelled // 6 == g] for g in range(15)] + [[i] for i in labelled if i >= 90]
    low, high = brute_force(lambda rows: lwlrap(targets[rows], scores[rows]), units)
    assert found.n_units == len(units) == 15 + 24
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.06 * (high - low))


def test_clips_of_one_recording_count_as_one():
    """Ten copies of each clip tell no more than one."""
    targets, scores = draw(50)
    once = interval_of(LABELS, targets, scores)
    copies = [np.repeat(each, 10, axis=0) for each in (targets, scores)]
    groups = np.repeat([str(i) for i in range(50)], 10)
    by_group, by_clip = interval_of(LABELS, *copies, groups), interval_of(LABELS, *copies)
    assert by_group.high - by_group.low == pytest.approx(once.high - once.low, rel=0.1)
    assert by_clip.high - by_clip.low < 0.4 * (once.high - once.low)


def test_a_difference_is_paired():
    targets, a = draw(150)
    b = a + 0.3 * np.random.default_rng(9).normal(size=a.shape).astype(np.float32)
    found = interval_of_difference(LABELS, targets, a, b)
    labelled = [[i] for i in np.flatnonzero(targets.any(axis=1))]
    low, high = brute_force(
        lambda rows: lwlrap(targets[rows], a[rows]) - lwlrap(targets[rows], b[rows]), labelled
    )
    assert found.value == pytest.approx(lwlrap(targets, a) - lwlrap(targets, b), abs=1e-12)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.05 * (high - low))
    alone = interval_of(LABELS, targets, a)
    assert found.high - found.low < 0.5 * (alone.high - alone.low)
    other = interval_of_difference(LABELS, targets, b, a)
    assert (other.low, other.high) == pytest.approx((-found.high, -found.low))
    assert interval_of_difference(LABELS, targets, a, a)[:3] == (0, 0, 0)


def test_95_of_100_intervals_hold_the_truth():
    truth = lwlrap(*draw(20_000, seed=99))
    found = [interval_of(LABELS, *draw(100, seed=seed)) for seed in range(200)]
    assert 0.9 <= np.mean([each.low <= truth <= each.high for each in found]) <= 0.99


def test_the_seed_alone_decides_and_chunks_change_nothing(monkeypatch):
    data = draw(80)
    first, again, other = (interval_of(LABELS, *data, seed=seed) for seed in (3, 3, 4))
    assert first == again
    assert first != other
    monkeypatch.setattr(bootstrap, "_CHUNK_VALUES", 999)
    chunked = interval_of(LABELS, *data, seed=3)
    assert chunked[1:3] == pytest.approx(first[1:3], abs=0.1 * (first.high - first.low))


@pytest.mark.parametrize(("n_groups", "has_interval"), [(1, False), (2, False), (4, False), (5, True)])
def test_under_five_groups_there_is_no_interval(n_groups, has_interval):
    targets, scores = draw(60)
    groups = [f"{i * n_groups // 60}" for i in range(60)]
    for found in (
        interval_of(LABELS, targets, scores, groups),
        interval_of_difference(LABELS, targets, scores, scores + targets, groups),
    ):
        assert found.n_units == n_groups
        assert np.isfinite([found.low, found.high]).tolist() == [has_interval] * 2
    assert interval_of(LABELS, targets, scores, groups).value == pytest.approx(lwlrap(targets, scores))


@pytest.mark.parametrize(
    ("n", "groups", "message"),
    [
        (10, ["a"] * 9, "a group for each of 10 clips, received 9"),
        (1, None, "at least one label"),
    ],
)
def test_what_cannot_be_drawn_from_is_refused_in_one_line(n, groups, message):
    with pytest.raises(EvaluationError, match=message) as caught:
        interval_of(LABELS, *draw(n), groups)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_needs_no_tensorflow():
    code = "import sys, tagging.evaluation.bootstrap; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603
