"""Just one label a clip: accuracy, precision, recall and F1, and what is taken for what."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from tagging.evaluation.checks import EvaluationError, check_matrices
from tagging.evaluation.names import AVERAGES


def multiclass_report(targets: np.ndarray, scores: np.ndarray) -> dict[str, float | int]:
    """Figures of the likeliest class of each clip against its label, as scikit-learn defines them.

    Args:
        targets: (clips, classes), one 1 a row, else 0.
        scores: (clips, classes), the highest decides; of equal ones the first.

    Returns:
        `clips`, `accuracy`, `balanced_accuracy` (mean recall of the classes that occur), and `precision_*`, `recall_*`
        and `f1_*` for macro, micro and weighted means over the classes that occur or were predicted. A precision or
        recall over no clip counts as 0.

    Raises:
        EvaluationError: shapes that differ, NaN scores, or rows without just one label.
    """
    truth, predicted = _labels(targets, scores)
    report: dict[str, float | int] = {
        "clips": len(truth),
        "accuracy": float((truth == predicted).mean()),
        "balanced_accuracy": _balanced_accuracy(truth, predicted),
    }
    for average in AVERAGES:
        figures = precision_recall_fscore_support(truth, predicted, average=average, zero_division=0.0)
        for name, value in zip(("precision", "recall", "f1"), figures[:3], strict=True):
            report[f"{name}_{average}"] = float(value)
    return report


def multiclass_table(targets: np.ndarray, scores: np.ndarray, classes: Sequence) -> pd.DataFrame:
    """A row a class, in the order of `classes`: `label`, `clips`, `precision`, `recall`, `f1`.

    NaN where a figure is not defined: precision of a class that was never predicted, recall of one without clips.

    Raises:
        EvaluationError: as `multiclass_report`.
    """
    truth, predicted = _labels(targets, scores)
    numbers = range(len(classes))
    precision, recall, f1, clips = precision_recall_fscore_support(
        truth, predicted, labels=numbers, average=None, zero_division=np.nan
    )
    return pd.DataFrame(
        {"label": list(classes), "clips": clips, "precision": precision, "recall": recall, "f1": f1}
    )


def confusion_table(targets: np.ndarray, scores: np.ndarray, classes: Sequence) -> pd.DataFrame:
    """How many clips of each class (rows) were taken for each class (columns).

    Raises:
        EvaluationError: as `multiclass_report`.
    """
    truth, predicted = _labels(targets, scores)
    counts = confusion_matrix(truth, predicted, labels=range(len(classes)))
    return pd.DataFrame(counts, pd.Index(classes, name="label"), list(classes))


def clip_hits(targets: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Parts of the accuracy, which is the sum of the first over the sum of the second.

    Returns:
        (clips,) 1.0 where the clip is right, else 0.0; (clips,) 1.0.

    Raises:
        EvaluationError: as `multiclass_report`.
    """
    truth, predicted = _labels(targets, scores)
    return (truth == predicted).astype(float), np.ones(len(truth))


def _balanced_accuracy(truth: np.ndarray, predicted: np.ndarray) -> float:
    """As scikit-learn's, which warns of predicted classes that do not occur."""
    clips = np.bincount(truth)
    hits = np.bincount(truth, weights=truth == predicted)
    return float((hits[clips > 0] / clips[clips > 0]).mean())


def _labels(targets: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(clips,) true and predicted class numbers."""
    targets, scores = check_matrices(targets, scores)
    if not len(targets) or not (np.isin(targets, (0, 1)).all() and (targets.sum(axis=1) == 1).all()):
        raise EvaluationError(
            f"expected just one label for each of some clips, received others among {len(targets)} clips; "
            "dataset.task=multilabel takes several"
        )
    return targets.argmax(axis=1), scores.argmax(axis=1)
