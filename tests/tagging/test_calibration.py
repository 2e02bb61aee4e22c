"""Temperature and thresholds against brute force, and back from the file."""

import json

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.metrics import f1_score, log_loss, precision_score, recall_score

from tagging import calibration as calibration_module
from tagging.calibration import (
    Calibration,
    CalibrationError,
    at_thresholds,
    calibrate,
    fit_thresholds,
    read_calibration,
    write_calibration,
)
from tagging.kinds import KINDS

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


def mean_loss(kind, targets, logits):
    """scikit-learn's, on probabilities."""
    if kind is ONE:
        return log_loss(targets.argmax(axis=1), softmax(logits.astype(float), axis=1), labels=range(4))
    columns = zip(targets.T, expit(logits.astype(float)).T, strict=True)
    return np.mean([log_loss(*column, labels=[0, 1]) for column in columns])


@pytest.mark.parametrize("kind", [LABELS, ONE])
def test_no_other_temperature_has_a_lower_log_loss(kind):
    targets, logits = draw(kind)
    found = calibrate(kind, targets, logits, CLASSES).temperature
    grid = np.exp(np.linspace(np.log(0.05), np.log(20), 400))
    losses = [mean_loss(kind, targets, logits / t) for t in grid]
    assert mean_loss(kind, targets, logits / found) <= min(losses)
    assert found == pytest.approx(grid[np.argmin(losses)], rel=0.02)
    assert found == pytest.approx(2.5, rel=0.15), "the factor that the logits were made too large by"


@pytest.mark.parametrize("kind", [LABELS, ONE])
def test_at_the_temperature_the_gradient_of_the_loss_is_zero(kind):
    targets, logits = draw(kind, seed=3)
    logits = logits.astype(float)
    found = calibrate(kind, targets, logits, CLASSES)
    errors = found.probabilities(kind, logits) - targets
    assert (errors * logits).mean() == pytest.approx(0, abs=1e-5)


def test_clips_that_are_all_right_end_at_the_lowest_temperature():
    targets = np.eye(4)
    found = calibrate(ONE, targets, 0.5 * targets, CLASSES)
    assert found.temperature == pytest.approx(0.05, rel=1e-3)


@pytest.mark.parametrize("kind", [LABELS, ONE])
def test_probabilities_rank_as_logits_do(kind):
    targets, logits = draw(kind)
    probabilities = calibrate(kind, targets, logits, CLASSES).probabilities(kind, logits)
    assert kind.value(targets, probabilities) == kind.value(targets, logits)


def test_numbers_have_no_calibration_and_single_labels_no_thresholds(tmp_path):
    targets, logits = draw(ONE)
    assert calibrate(NUMBERS, targets, logits, CLASSES) is None
    assert calibrate(ONE, targets, logits, CLASSES).thresholds is None


def test_no_other_threshold_has_a_higher_f1():
    targets, logits = draw(LABELS, n=60)
    probabilities = np.round(expit(logits), 2)  # with ties
    thresholds = fit_thresholds(targets, probabilities)
    for is_true, scores, threshold in zip(targets.T, probabilities.T, thresholds, strict=True):
        best = max(f1_score(is_true, scores >= cut, zero_division=0) for cut in np.linspace(0, 1, 1001))
        assert f1_score(is_true, scores >= threshold) == pytest.approx(best, abs=1e-12)


def test_a_threshold_is_the_middle_of_the_widest_gap_so_that_noise_changes_nothing():
    scores = np.array([[0.9], [0.8], [0.4], [0.3]])
    assert fit_thresholds(np.array([[1], [1], [0], [0]]), scores) == pytest.approx([0.6])
    assert fit_thresholds(np.array([[1], [1], [1], [1]]), scores) == pytest.approx([0.15])
    either = fit_thresholds(np.array([[1], [0], [0], [1]]), np.array([[0.9], [0.7], [0.65], [0.6]]))
    assert either == pytest.approx([0.3]), (
        "between .9 and .7, and below .6, F1 is the same 2/3: the second gap is wider"
    )


def test_a_class_without_clips_takes_the_threshold_of_all():
    targets, logits = draw(LABELS, n=80)
    targets[:, 2] = 0
    probabilities = expit(logits.astype(float))
    thresholds = fit_thresholds(targets, probabilities)
    cuts = np.linspace(0, 1, 2001)
    best = max(f1_score(targets.ravel(), (probabilities >= cut).ravel(), zero_division=0) for cut in cuts)
    assert f1_score(targets.ravel(), (probabilities >= thresholds[2]).ravel()) == pytest.approx(
        best, abs=1e-12
    )
    assert thresholds[1] != thresholds[2]


def test_figures_at_thresholds_are_scikit_learns():
    targets, logits = draw(LABELS, n=50)
    found = calibrate(LABELS, targets, logits, CLASSES)
    probabilities = found.probabilities(LABELS, logits)
    table, said = at_thresholds(found, targets, probabilities), probabilities >= np.array(found.thresholds)
    for name, score in (("precision", precision_score), ("recall", recall_score), ("f1", f1_score)):
        np.testing.assert_allclose(table[name], score(targets, said, average=None))
    assert list(table["threshold"]) == list(found.thresholds)


def test_a_figure_over_no_clip_is_nan():
    table = at_thresholds(
        Calibration(("a",), 1.0, (0.9,)), np.array([[1.0], [0.0]]), np.array([[0.1], [0.2]])
    )
    assert np.isnan(table["precision"][0])
    assert table["recall"][0] == table["f1"][0] == 0


@pytest.mark.parametrize("kind", [LABELS, ONE])
def test_it_comes_back_from_the_file(tmp_path, kind):
    found = calibrate(kind, *draw(kind), CLASSES)
    write_calibration(tmp_path, found)
    assert read_calibration(tmp_path) == found
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
    ],
)
def test_a_damaged_file_is_an_error_of_one_line(tmp_path, text):
    (tmp_path / "calibration.json").write_text(text)
    with pytest.raises(CalibrationError, match=r"expected a .*; train the stage again") as error:
        read_calibration(tmp_path)
    assert "\n" not in str(error.value)


def test_a_run_has_the_calibration_of_its_validation_scores(noisy):
    from submissions.writer import read_scores

    scores, found = read_scores(noisy[1] / "validation_scores.npz"), read_calibration(noisy[1])
    content = json.loads((noisy[1] / "calibration.json").read_text())
    assert list(found.classes) == scores.classes == list(content["thresholds"])
    assert calibration_module.TEMPERATURES[0] < found.temperature < calibration_module.TEMPERATURES[1]
