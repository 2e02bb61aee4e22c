import subprocess
import sys

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    label_ranking_average_precision_score,
    roc_auc_score,
)

from tagging.evaluation import multilabel
from tagging.evaluation.checks import EvaluationError
from tagging.evaluation.multilabel import lwlrap, per_class_lwlrap
from tagging.evaluation.task_kinds import KINDS

LABELS = KINDS["multilabel"]


@pytest.fixture
def data():
    """300 clips, 12 classes; ties, clips without labels, class 3 on no clip and class 4 on all others."""
    rng = np.random.default_rng(5)
    targets = (rng.random((300, 12)) < 0.2).astype(np.float32)
    targets[:, 3], targets[:, 4] = 0.0, 1.0
    targets[:40] = 0.0
    scores = np.round(rng.normal(size=targets.shape) + targets, 1).astype(np.float32)
    return targets, scores


def oracle(targets, scores):
    exact = targets.astype(float)  # scikit-learn sums in the type it is given
    return label_ranking_average_precision_score(exact, scores.astype(float), sample_weight=exact.sum(axis=1))


def test_lwlrap_is_scikit_learns_label_weighted_score(data):
    assert lwlrap(*data) == pytest.approx(oracle(*data), abs=1e-12)


def test_chunks_change_nothing(data, monkeypatch):
    whole = lwlrap(*data)
    monkeypatch.setattr(multilabel, "_CHUNK_VALUES", 1)
    assert lwlrap(*data) == whole


def test_per_class_against_the_definition():
    targets = np.array([[1, 0, 1], [1, 0, 0], [0, 0, 0]])
    scores = np.array([[1.0, 2.0, 3.0], [3.0, 3.0, 1.0], [9.0, 8.0, 7.0]])
    per_class, weight = per_class_lwlrap(targets, scores)
    np.testing.assert_allclose(per_class, [(2 / 3 + 1 / 2) / 2, np.nan, 1.0])
    np.testing.assert_allclose(weight, [2 / 3, 0.0, 1 / 3])


def test_float32_logits_are_not_blurred():
    """Both logits are 1.0 as a float32 sigmoid; as logits they differ."""
    assert lwlrap(np.array([[1, 0]]), np.array([[40.0, 30.0]], np.float32)) == 1.0


def test_report_holds_scikit_learns_means(data):
    targets, scores = data
    report = LABELS.report(targets, scores)
    both = [k for k in range(12) if k != 3]
    assert report["clips"] == 300
    assert report["clips_without_labels"] == 40
    assert report["map"] == pytest.approx(average_precision_score(targets[:, both], scores[:, both]))
    assert report["map_classes"] == 11
    assert report["roc_auc"] == pytest.approx(roc_auc_score(targets[:, both], scores[:, both]))
    assert report["roc_auc_classes"] == 11
    assert report["lwlrap"] == pytest.approx(oracle(targets, scores))


def test_a_class_on_every_clip_has_precision_but_no_auc(data):
    targets, scores = (part[40:] for part in data)
    report = LABELS.report(targets, scores)
    assert (report["map_classes"], report["roc_auc_classes"]) == (11, 10)


def test_one_clip_has_no_auc():
    assert np.isnan(LABELS.report(np.array([[1, 0]]), np.array([[0.0, 1.0]]))["roc_auc"])


def test_table_keeps_the_order_of_the_classes(data):
    targets, scores = data
    table = LABELS.table(targets, scores, list("zyxwvutsrqpo"))
    assert list(table.columns) == ["label", "clips", "lwlrap", "ap", "auc"]
    assert table["label"].tolist() == list("zyxwvutsrqpo")
    assert table["clips"].tolist() == targets.sum(axis=0).astype(int).tolist()
    assert table.loc[3, ["lwlrap", "ap", "auc"]].isna().all()
    assert table.loc[5, "ap"] == pytest.approx(average_precision_score(targets[:, 5], scores[:, 5]))
    assert table.loc[5, "auc"] == pytest.approx(roc_auc_score(targets[:, 5], scores[:, 5]))
    weighted = table["lwlrap"] * table["clips"] / table["clips"].sum()
    assert weighted.sum() == pytest.approx(lwlrap(targets, scores))


@pytest.mark.parametrize(
    ("targets", "scores", "message"),
    [
        (np.eye(3), np.eye(4), r"received \(3, 3\) and \(4, 4\)"),
        (np.ones(3), np.ones(3), r"shape \(clips, classes\), received \(3,\)"),
        (np.eye(3), np.where(np.eye(3) > 0, np.nan, 0.0), "NaN in 3 of 3 clips"),
        (np.eye(3) / 2, np.eye(3), "targets of 0 and 1"),
        (np.zeros((3, 3)), np.eye(3), "at least one label, received 3 clips"),
        (np.zeros((0, 3)), np.zeros((0, 3)), "at least one label, received 0 clips"),
    ],
)
def test_what_cannot_be_scored_is_refused_in_one_line(targets, scores, message):
    with pytest.raises(EvaluationError, match=message) as caught:
        lwlrap(targets, scores)
    assert "\n" not in str(caught.value)


def test_class_names_must_fit(data):
    with pytest.raises(EvaluationError, match="expected 12 class names, received 2"):
        LABELS.table(*data, ["a", "b"])


@pytest.mark.slow
def test_needs_no_tensorflow():
    code = "import sys, tagging.evaluation; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603
