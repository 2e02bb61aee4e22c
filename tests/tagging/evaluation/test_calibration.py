"""Temperature and thresholds against brute force, and back from the file."""

import json

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit, logit, softmax
from sklearn.metrics import f1_score, log_loss, precision_score, recall_score

from tagging.datasets.stratified import deal_clips
from tagging.evaluation.calibration import (
    TEMPERATURES,
    Calibration,
    CalibrationError,
    at_thresholds,
    calibrate,
    fit_temperature,
    read_calibration,
    write_calibration,
)
from tagging.evaluation.task_kinds import KINDS
from tagging.evaluation.thresholds import THRESHOLD, fit_thresholds

CLASSES = ("a", "b", "c", '<b>&"')
LABELS, ONE, NUMBERS = (KINDS[name] for name in ("multilabel", "multiclass", "regression"))


def draw(kind, n=400, factor=2.5, seed=0):
    """Targets drawn from the probabilities of logits, and these logits times a factor: the right temperature."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(-0.5, 1.5, (n, 4))
    if kind is LABELS:
        targets = rng.random((n, 4)) < expit(logits)
    else:
        targets = np.eye(4)[[rng.choice(4, p=row) for row in softmax(logits, axis=1)]]
    return targets.astype(np.float32), (factor * logits).astype(np.float32)


def unsure(kind, targets):
    """What is fitted in place of 0 and 1, pair by pair."""
    result, (clips, classes) = np.empty(targets.shape), targets.shape
    positives = targets.sum()
    negatives = targets.size - positives
    for pair, target in np.ndenumerate(targets):
        if kind is ONE:
            result[pair] = 1 - 1 / (clips + 2) if target else 1 / (clips + 2) / (classes - 1)
        else:
            result[pair] = (positives + 1) / (positives + 2) if target else 1 / (negatives + 2)
    return result


def mean_loss(kind, shares, logits):
    """scikit-learn's, of labels that are true to these shares."""
    if kind is ONE:
        n, k = shares.shape
        every, scores = np.tile(np.arange(k), n), np.repeat(softmax(logits.astype(float), axis=1), k, axis=0)
        return log_loss(every, scores, sample_weight=shares.ravel(), labels=range(k))
    scores, both = expit(logits.astype(float)).ravel(), np.repeat([1, 0], shares.size)
    return log_loss(
        both, np.tile(scores, 2), sample_weight=np.concatenate([shares, 1 - shares], None), labels=[0, 1]
    )


@pytest.mark.parametrize("kind", [LABELS, ONE])
def test_no_other_temperature_has_a_lower_log_loss(kind):
    targets, logits = draw(kind)
    found, shares = calibrate(kind, targets, logits, CLASSES).temperature, unsure(kind, targets)
    grid = np.exp(np.linspace(np.log(0.05), np.log(20), 400))
    losses = [mean_loss(kind, shares, logits / t) for t in grid]
    assert mean_loss(kind, shares, logits / found) <= min(losses)
    assert found == pytest.approx(grid[np.argmin(losses)], rel=0.02)
    assert found == pytest.approx(2.5, rel=0.15), "the factor that the logits were made too large by"


@pytest.mark.parametrize("kind", [LABELS, ONE])
def test_at_the_temperature_the_gradient_of_the_loss_is_zero(kind):
    targets, logits = draw(kind, seed=3)
    logits = logits.astype(float)
    found = calibrate(kind, targets, logits, CLASSES)
    errors = found.probabilities(kind, logits) - unsure(kind, targets)
    assert (errors * logits).mean() == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("margin", [2.0, 10.0])
def test_clips_that_are_all_right_are_as_sure_as_their_number_allows(margin):
    """Closed forms, where all right classes have one logit and all others another."""
    targets = np.eye(10)[np.arange(80) % 10]
    one = fit_temperature(ONE, targets, margin * targets)
    assert one == pytest.approx(margin / np.log(81 * 9), rel=1e-4)
    several = fit_temperature(LABELS, targets, margin * (2 * targets - 1))
    right = 0.1 * 81 / 82 + 0.9 * (1 - 1 / 722)
    assert several == pytest.approx(margin / logit(right), rel=1e-4)


@pytest.mark.parametrize("kind", [LABELS, ONE])
def test_eighty_clips_that_are_all_right_give_a_sensible_temperature(kind):
    rng = np.random.default_rng(0)
    targets = np.eye(10)[np.arange(80) % 10]
    logits = 8 * targets - 4 + rng.normal(0, 1.5, targets.shape)
    assert (logits.argmax(axis=1) == targets.argmax(axis=1)).all()
    found = calibrate(kind, targets, logits, tuple("abcdefghij"))
    assert 0.3 < found.temperature < 3
    assert 0.9 < np.median(found.probabilities(kind, logits)[targets > 0]) < 0.9999


@pytest.mark.parametrize("kind", [LABELS, ONE])
@pytest.mark.parametrize("factor", [0.4, 2.5])
def test_of_many_clips_the_temperature_is_the_true_one_and_that_of_a_plain_fit(kind, factor):
    targets, logits = draw(kind, 20_000, factor, seed=1)

    def slope(temperature):
        return (
            (expit if kind is LABELS else by_softmax)(logits / temperature) - targets
        ).ravel() @ logits.ravel()

    def by_softmax(values):
        return softmax(values, axis=1)

    found, plain = fit_temperature(kind, targets, logits), brentq(slope, 0.1, 10)
    assert found == pytest.approx(factor, rel=0.03)
    assert found == pytest.approx(plain, rel=0.01)


@pytest.mark.parametrize("kind", [LABELS, ONE])
def test_a_temperature_that_makes_things_worse_is_not_applied(kind):
    """A few clips that are all right, surer than their number allows: only smoothed labels ask for less."""
    targets = np.eye(4)[np.arange(8) % 4]
    logits = 20 * targets - 10
    assert fit_temperature(kind, targets, logits) > 1.5
    assert calibrate(kind, targets, logits, CLASSES).temperature == 1
    assert calibrate(kind, targets, logits / 20, CLASSES).temperature < 0.5  # and one that helps is


def test_the_temperature_stays_within_its_limits():
    targets = np.eye(4)
    for sign in (1e-3, -1.0):
        low, high = TEMPERATURES
        assert low <= fit_temperature(ONE, targets, sign * targets) <= high


@pytest.mark.parametrize("kind", [LABELS, ONE])
def test_probabilities_rank_as_logits_do(kind):
    targets, logits = draw(kind)
    probabilities = calibrate(kind, targets, logits, CLASSES).probabilities(kind, logits)
    assert kind.value(targets, probabilities) == kind.value(targets, logits)


def test_numbers_have_no_calibration_and_single_labels_no_thresholds(tmp_path):
    targets, logits = draw(ONE)
    assert calibrate(NUMBERS, targets, logits, CLASSES) is None
    assert calibrate(ONE, targets, logits, CLASSES).thresholds is None


def best_f1(is_true, scores):
    """Over all cuts, by scikit-learn."""
    return max(f1_score(is_true, scores >= cut, zero_division=0) for cut in np.unique(scores))


def test_a_class_without_clips_takes_the_threshold_that_is_best_over_all_pairs():
    targets, logits = draw(LABELS, n=80)
    targets[:, 2] = 0
    probabilities = expit(logits.astype(float))
    shared = fit_thresholds(targets, probabilities)[2]
    found = f1_score(targets.ravel(), (probabilities >= shared).ravel())
    assert found == pytest.approx(best_f1(targets.ravel(), probabilities.ravel()), abs=1e-12)


def test_of_n_clips_the_own_threshold_weighs_n_and_the_shared_one_1():
    """On the scale of logits; the own one is such that no other has a higher F1."""
    targets, logits = draw(LABELS, n=60)
    targets[:, 3] = 0
    probabilities = np.round(expit(logits.astype(float)), 2).clip(0.01, 0.99)  # with ties
    *mixed, shared = logit(fit_thresholds(targets, probabilities))
    for is_true, scores, found in zip(targets.T, probabilities.T, mixed, strict=False):
        own = expit(((is_true.sum() + 1) * found - shared) / is_true.sum())
        assert f1_score(is_true, scores >= own) == pytest.approx(best_f1(is_true, scores), abs=1e-12)


def test_the_mean_of_both_thresholds_is_that_of_their_logits():
    """The first class is cut at .98 by its one clip, all pairs at .25."""
    targets, scores = np.array([[1, 0, 1], [0, 0, 1]]), np.array([[0.99, 0.1, 0.4], [0.97, 0.1, 0.4]])
    mixed = expit((logit(0.98) + logit(0.25)) / 2)
    assert fit_thresholds(targets, scores) == pytest.approx([mixed, 0.25, 0.25])


def test_a_threshold_is_the_middle_of_the_widest_gap_so_that_noise_changes_nothing():
    scores = np.array([[0.9], [0.8], [0.4], [0.3]])
    assert fit_thresholds(np.array([[1], [1], [0], [0]]), scores) == pytest.approx([0.6])
    either = np.array([[0.9], [0.7], [0.65], [0.3], [0.04]])
    assert fit_thresholds(np.array([[1], [0], [0], [1], [0]]), either) == pytest.approx([0.17]), (
        "between .9 and .7, and between .3 and .04, F1 is the same 2/3: the second gap is wider"
    )


def test_where_tagging_all_clips_is_best_nothing_is_known_and_the_shared_threshold_counts():
    rng = np.random.default_rng(0)
    probabilities = rng.uniform(0.01, 0.4, (60, 3))
    targets = np.zeros((60, 3))
    targets[:20, 0] = probabilities[:20, 0] = 0.9
    targets[probabilities[:, 1].argmin(), 1] = 1
    first, last_of_60, empty = fit_thresholds(targets > 0, probabilities)
    assert last_of_60 == pytest.approx(empty)
    assert first > 0.4
    assert fit_thresholds(np.ones((4, 1)), probabilities[:4, :1]) == pytest.approx([THRESHOLD])
    assert fit_thresholds(np.zeros((4, 1)), probabilities[:4, :1]) == pytest.approx([THRESHOLD])


def test_thresholds_are_probabilities_that_have_logits():
    sure = np.array([[1.0, 0.5], [np.nextafter(1, 0), 0.5], [0.0, 0.5]])
    found = fit_thresholds(np.array([[1, 0], [0, 0], [0, 0]]), sure)
    assert np.isfinite(logit(found)).all()


def test_figures_at_thresholds_are_those_of_thresholds_chosen_on_other_clips():
    targets, logits = draw(LABELS, n=50)
    found = calibrate(LABELS, targets, logits, CLASSES)
    probabilities, predicted = found.probabilities(LABELS, logits), np.empty(targets.shape, bool)
    for part in deal_clips(targets, 5, 0):
        others = [clip for clip in range(50) if clip not in part]
        predicted[part] = probabilities[part] >= fit_thresholds(targets[others], probabilities[others])
    table = at_thresholds(found, targets, probabilities)
    for name, score in (("precision", precision_score), ("recall", recall_score), ("f1", f1_score)):
        np.testing.assert_allclose(table[name], score(targets, predicted, average=None))
    assert list(table["threshold"]) == list(found.thresholds)


def test_figures_at_thresholds_of_few_clips_tell_what_new_clips_will_do():
    """Classes of five clips, easy and hard ones, fifteen times: against thousands of clips drawn in the same way."""
    easiness, odds, rng = np.linspace(1, 4, 10), logit(0.1), np.random.default_rng(0)

    def drawn(n):
        targets = rng.random((n, 10)) < 0.1
        heard = rng.normal(0, 1, (n, 10)) + targets * easiness
        return targets, expit(easiness * (heard - easiness / 2) + odds)

    shown, seen, new = [], [], []
    for _ in range(15):
        targets, scores = drawn(50)
        thresholds = fit_thresholds(targets, scores)
        calibration = Calibration(tuple("abcdefghij"), 1.0, tuple(thresholds))
        known = targets.any(axis=0)
        shown.append(at_thresholds(calibration, targets, scores)["f1"][known].mean())
        seen.append(f1_score(targets[:, known], (scores >= thresholds)[:, known], average="macro"))
        others, their_scores = drawn(2_000)
        new.append(f1_score(others[:, known], (their_scores >= thresholds)[:, known], average="macro"))
    assert np.mean(shown) == pytest.approx(np.mean(new), abs=0.03)
    assert np.mean(seen) > np.mean(new) + 0.07, "on the clips that they were chosen on"


@pytest.mark.parametrize("n", [1, 2, 3])
def test_of_next_to_no_clips_there_are_figures_too(n):
    targets, probabilities = np.eye(4)[:n], np.full((n, 4), 0.1)
    table = at_thresholds(Calibration(CLASSES, 1.0, (0.9,) * 4), targets, probabilities)
    assert table["recall"].tolist() == pytest.approx([0.0] * n + [np.nan] * (4 - n), nan_ok=True)
    assert np.isnan(table["precision"]).all()


@pytest.mark.parametrize("kind", [LABELS, ONE])
def test_it_comes_back_from_the_file(tmp_path, kind):
    found = calibrate(kind, *draw(kind), CLASSES)
    write_calibration(tmp_path, found)
    assert read_calibration(tmp_path) == read_calibration(tmp_path, CLASSES) == found
    assert read_calibration(tmp_path / "none") is None


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"temperature": 0, "classes": ["a"], "thresholds": null}',
        '{"temperature": 1, "classes": ["a"], "thresholds": {"b": 0.5}}',
        '{"temperature": 1, "classes": ["a"], "thresholds": {"a": NaN}}',
        '{"temperature": 1, "classes": ["a"], "thresholds": {"a": 1}}',
    ],
)
def test_a_damaged_file_is_an_error_of_one_line(tmp_path, text):
    (tmp_path / "calibration.json").write_text(text)
    with pytest.raises(CalibrationError, match=r"expected a .*; train the stage again") as error:
        read_calibration(tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("classes", [("b", "a", "c"), ("a", "b"), ("a", "b", "c", "d")])
def test_a_file_of_other_classes_is_an_error_of_one_line(tmp_path, classes):
    write_calibration(tmp_path, Calibration(("a", "b", "c"), 1.0, (0.1, 0.2, 0.3)))
    with pytest.raises(
        CalibrationError, match=rf"expected the {len(classes)} classes .* received 3 that"
    ) as error:
        read_calibration(tmp_path, classes)
    assert "\n" not in str(error.value)


def test_a_run_has_the_calibration_of_its_validation_scores(noisy):
    from submissions.writer import read_scores

    scores, found = read_scores(noisy[1] / "validation_scores.npz"), read_calibration(noisy[1])
    content = json.loads((noisy[1] / "calibration.json").read_text())
    assert list(found.classes) == scores.classes == list(content["thresholds"])
    assert TEMPERATURES[0] < found.temperature < TEMPERATURES[1]
