"""Multilabel: LWLRAP, average precision, ROC AUC."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from tagging.evaluation.checks import EvaluationError, check_matrices
from tagging.evaluation.metric import ClassFigure, Metric, label_counts

_CHUNK_VALUES = 2**22  # scores compared at a time


def lwlrap(targets: np.ndarray, scores: np.ndarray) -> float:
    """Label-weighted label-ranking average precision.

    Equals scikit-learn's `label_ranking_average_precision_score` with each clip weighted by its number of
    labels. Source: Fonseca et al. 2019, "Audio tagging with noisy labels and minimal supervision", DCASE.

    Args:
        targets: (clips, classes), 0 or 1; clips without labels drop out.
        scores: (clips, classes), float32 logits or anything else in their order.

    Raises:
        EvaluationError: on shapes that differ, NaN scores, targets other than 0 and 1, or no label at all.
    """
    per_class, weight = per_class_lwlrap(targets, scores)
    seen = weight > 0
    return float(per_class[seen] @ weight[seen])


def per_class_lwlrap(targets: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """LWLRAP of each class, and each class's share of all labels.

    The weighted sum of the first by the second is the overall LWLRAP.

    Returns:
        (classes,) float64, NaN for a class without labels; (classes,) float64, sum 1.

    Raises:
        EvaluationError: as `lwlrap`.
    """
    relevant, scores = _checked(targets, scores)
    clips, labels = np.nonzero(relevant)
    counts = relevant.sum(axis=0)
    sums = np.bincount(labels, weights=_precisions(relevant, scores, clips, labels), minlength=len(counts))
    per_class = np.full(len(counts), np.nan)
    np.divide(sums, counts, out=per_class, where=counts > 0)
    return per_class, counts / counts.sum()


def clip_precisions(targets: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What each clip adds to LWLRAP, which is the sum of the first over the sum of the second.

    Returns:
        (clips,) sum of the precisions at the ranks of its labels; (clips,) number of its labels.

    Raises:
        EvaluationError: as `lwlrap`.
    """
    relevant, scores = _checked(targets, scores)
    clips, labels = np.nonzero(relevant)
    precisions = _precisions(relevant, scores, clips, labels)
    return np.bincount(clips, weights=precisions, minlength=len(relevant)), relevant.sum(axis=1)


def average_precisions(targets: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Average precision of each class, (classes,); NaN without a clip that has the label.

    Raises:
        EvaluationError: as `lwlrap`.
    """
    relevant, scores = _checked(targets, scores)
    return _by_class(average_precision_score, relevant, scores, relevant.sum(axis=0) > 0)


def areas_under_roc(targets: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Area under the ROC curve of each class, (classes,); NaN without a clip that has the label, and one without it.

    Raises:
        EvaluationError: as `lwlrap`.
    """
    relevant, scores = _checked(targets, scores)
    counts = relevant.sum(axis=0)
    return _by_class(roc_auc_score, relevant, scores, (counts > 0) & (counts < len(relevant)))


def clip_counts(targets: np.ndarray) -> dict[str, float | int]:
    """`clips`, and `clips_without_labels`: how many of these LWLRAP leaves out."""
    return {"clips": len(targets), "clips_without_labels": int((~targets.any(axis=1)).sum())}


def _precisions(
    relevant: np.ndarray, scores: np.ndarray, clips: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    """Precision at the rank of each (clip, label) pair; ties get the larger rank."""
    precisions = np.empty(len(clips))
    step = max(1, _CHUNK_VALUES // relevant.shape[1])
    for start in range(0, len(clips), step):
        clip, label = clips[start : start + step], labels[start : start + step]
        at_least = scores[clip] >= scores[clip, label][:, None]
        precisions[start : start + step] = (at_least & relevant[clip]).sum(axis=1) / at_least.sum(axis=1)
    return precisions


def _by_class(metric: Callable, relevant: np.ndarray, scores: np.ndarray, defined: np.ndarray) -> np.ndarray:
    columns = range(relevant.shape[1])
    return np.array([metric(relevant[:, k], scores[:, k]) if defined[k] else np.nan for k in columns])


def _checked(targets: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Targets as booleans, and scores, of the same two-dimensional shape."""
    targets, scores = check_matrices(targets, scores)
    if not np.isin(targets, (0, 1)).all():
        raise EvaluationError(
            "expected targets of 0 and 1, received other values; give the labels before MixUp"
        )
    if not targets.any():
        raise EvaluationError(f"expected at least one label, received {len(targets)} clips without any")
    return targets.astype(bool), scores


def _streaming(n_classes: int) -> Any:
    from tagging.evaluation.keras_metrics import LWLRAP  # noqa: PLC0415  the other figures need no Keras

    return LWLRAP(n_classes)


AP = ClassFigure(
    "ap", "AP", average_precisions, "every clip with the label scored higher than every clip without it"
)
AUC = ClassFigure("auc", "ROC AUC", areas_under_roc)
CLASS_FIGURES = (
    ClassFigure("clips", "clips", label_counts),
    ClassFigure("lwlrap", "LWLRAP", lambda targets, scores: per_class_lwlrap(targets, scores)[0]),
    AP,
    AUC,
)
METRICS = (
    Metric("lwlrap", "LWLRAP", lwlrap, streaming=_streaming),
    Metric("map", "mAP", per_class=AP),
    Metric("roc_auc", "ROC AUC", per_class=AUC),
)
