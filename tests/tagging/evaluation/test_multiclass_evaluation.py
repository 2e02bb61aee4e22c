"""Figures of one label a clip, against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, classification_report, confusion_matrix, f1_score

from tagging.evaluation.checks import EvaluationError
from tagging.evaluation.multiclass import (
    clip_hits,
    confusion_table,
    multiclass_report,
    multiclass_table,
)
from tagging.evaluation.names import METRICS

CLASSES = list("abcdef")


@pytest.fixture
def data():
    """300 clips of five of six classes, in unequal numbers; some are taken for the sixth."""
    rng = np.random.default_rng(0)
    truth = rng.choice(5, 300, p=[0.4, 0.3, 0.15, 0.1, 0.05])
    scores = rng.normal(size=(300, 6)) + 1.5 * np.eye(6)[truth]
    return truth, np.eye(6)[truth], scores.astype(np.float32)


def test_the_report_is_scikit_learns(data):
    truth, targets, scores = data
    report, predicted = multiclass_report(targets, scores), scores.argmax(axis=1)
    theirs = classification_report(truth, predicted, output_dict=True, zero_division=0.0)
    assert report["clips"] == 300
    assert report["accuracy"] == pytest.approx(theirs["accuracy"])
    for average in ("macro", "weighted"):
        for name, key in (("precision", "precision"), ("recall", "recall"), ("f1", "f1-score")):
            assert report[f"{name}_{average}"] == pytest.approx(theirs[f"{average} avg"][key])
    assert report["f1_micro"] == pytest.approx(f1_score(truth, predicted, average="micro"))
    assert set(METRICS["multiclass"]) == set(report) - {"clips"}


def test_balanced_accuracy_is_the_mean_recall_of_classes_that_occur(data):
    truth, targets, scores = data
    only = np.where(np.arange(6) < 5, scores, -9.0)  # else scikit-learn warns of the sixth
    expected = balanced_accuracy_score(truth, only.argmax(axis=1))
    assert multiclass_report(targets, only)["balanced_accuracy"] == pytest.approx(expected)
    assert multiclass_report(np.eye(6)[:1], np.eye(6)[1:2])["balanced_accuracy"] == 0.0


def test_the_confusion_table_counts_rows_by_truth(data):
    truth, targets, scores = data
    table = confusion_table(targets, scores, CLASSES)
    np.testing.assert_array_equal(
        table.to_numpy(), confusion_matrix(truth, scores.argmax(axis=1), labels=range(6))
    )
    assert list(table.index) == list(table.columns) == CLASSES


def test_the_table_of_classes_says_what_is_not_defined(data):
    _, targets, scores = data
    table = multiclass_table(targets, scores, CLASSES).set_index("label")
    assert table["clips"].tolist() == targets.sum(axis=0).tolist()
    assert np.isnan(table.loc["f", "recall"])
    never = multiclass_table(targets, np.where(np.arange(6) == 1, -9.0, scores), CLASSES)
    assert np.isnan(never.loc[1, "precision"])
    assert never.loc[1, "recall"] == 0.0


def test_the_parts_of_clips_give_the_accuracy(data):
    _, targets, scores = data
    hits, clips = clip_hits(targets, scores)
    assert hits.sum() / clips.sum() == pytest.approx(multiclass_report(targets, scores)["accuracy"])


@pytest.mark.parametrize("targets", [np.ones((3, 3)), np.zeros((3, 3)), np.eye(3) / 2, np.zeros((0, 3))])
def test_targets_with_other_than_one_label_are_refused(targets):
    with pytest.raises(EvaluationError, match=r"one label .* dataset\.task=multilabel"):
        multiclass_report(targets, np.zeros(targets.shape))
