"""Single-label: accuracy, precision, recall and F1, and the confusion matrix."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from tagging.evaluation.checks import EvaluationError, check_matrices
from tagging.evaluation.metric import ClassFigure, Metric, label_counts

_POSITION = {"precision": 0, "recall": 1, "f1": 2}  # in what scikit-learn returns
_AVERAGES = ("macro", "micro", "weighted")


def accuracy(targets: np.ndarray, scores: np.ndarray) -> float:
    """Share of the clips whose most likely class is their label.

    Args:
        targets: (clips, classes), one 1 a row, else 0.
        scores: (clips, classes), the highest decides; of equal ones the first.

    Raises:
        EvaluationError: shapes that differ, NaN scores, or rows without just one label.
    """
    truth, predicted = _labels(targets, scores)
    return float((truth == predicted).mean())


def balanced_accuracy(targets: np.ndarray, scores: np.ndarray) -> float:
    """Mean recall of the classes that occur: scikit-learn's, which warns of predicted classes that do not occur.

    Args, raises: as `accuracy`.
    """
    truth, predicted = _labels(targets, scores)
    clips = np.bincount(truth)
    hits = np.bincount(truth, weights=truth == predicted)
    return float((hits[clips > 0] / clips[clips > 0]).mean())


def averaged(name: str, average: str) -> Callable[[np.ndarray, np.ndarray], float]:
    """The function of a metric: `precision`, `recall` or `f1`, averaged over the classes that occur or were predicted.

    A precision or recall over no clip counts as 0.

    Args:
        name: of the figure.
        average: `macro`, `micro` or `weighted`, as scikit-learn defines them.
    """
    return lambda targets, scores: float(_figure(name, targets, scores, average=average, zero_division=0.0))


def by_class(name: str) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """The function of a class figure: `precision`, `recall` or `f1` of each class.

    NaN where it is not defined: precision of a class that was never predicted, recall of one without clips.
    """
    return lambda targets, scores: _figure(
        name, targets, scores, average=None, labels=range(targets.shape[1]), zero_division=np.nan
    )


def average_table(figures: Mapping[str, float | int]) -> pd.DataFrame:
    """Macro, micro and weighted averages (rows) of precision, recall and F1 (columns), out of a report."""
    rows = {average: [figures[f"{name}_{average}"] for name in _POSITION] for average in _AVERAGES}
    return pd.DataFrame.from_dict(
        rows, orient="index", columns=[figure.title for figure in (PRECISION, RECALL, F1)]
    )


def confusion_table(targets: np.ndarray, scores: np.ndarray, classes: Sequence) -> pd.DataFrame:
    """How many clips of each class (rows) were taken for each class (columns).

    Raises:
        EvaluationError: as `accuracy`.
    """
    truth, predicted = _labels(targets, scores)
    counts = confusion_matrix(truth, predicted, labels=range(len(classes)))
    return pd.DataFrame(counts, pd.Index(classes, name="label"), list(classes))


def clip_hits(targets: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Parts of the accuracy, which is the sum of the first over the sum of the second.

    Returns:
        (clips,) 1.0 where the clip is right, else 0.0; (clips,) 1.0.

    Raises:
        EvaluationError: as `accuracy`.
    """
    truth, predicted = _labels(targets, scores)
    return (truth == predicted).astype(float), np.ones(len(truth))


def _figure(name: str, targets: np.ndarray, scores: np.ndarray, **options: Any) -> Any:
    truth, predicted = _labels(targets, scores)
    return precision_recall_fscore_support(truth, predicted, **options)[_POSITION[name]]


def _labels(targets: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(clips,) true and predicted class numbers."""
    targets, scores = check_matrices(targets, scores)
    if not len(targets) or not (np.isin(targets, (0, 1)).all() and (targets.sum(axis=1) == 1).all()):
        raise EvaluationError(
            f"expected just one label for each of some clips, received others among {len(targets)} clips; "
            "dataset.task=multilabel takes several"
        )
    return targets.argmax(axis=1), scores.argmax(axis=1)


def _streaming(_n_classes: int) -> Any:
    import keras  # noqa: PLC0415  the other figures need no Keras

    return keras.metrics.CategoricalAccuracy(name="accuracy")


PRECISION = ClassFigure("precision", "precision", by_class("precision"))
RECALL = ClassFigure("recall", "recall", by_class("recall"))
F1 = ClassFigure(
    "f1", "F1", by_class("f1"), "no clip of the class was missed, and no other clip was assigned to it"
)
CLASS_FIGURES = (ClassFigure("clips", "clips", label_counts), PRECISION, RECALL, F1)
METRICS = (
    Metric("accuracy", "accuracy", accuracy, streaming=_streaming),
    Metric("balanced_accuracy", "balanced accuracy", balanced_accuracy, per_class=RECALL),
    Metric("precision_macro", None, averaged("precision", "macro")),
    Metric("recall_macro", None, averaged("recall", "macro")),
    Metric("f1_macro", "macro F1", averaged("f1", "macro"), per_class=F1),
    Metric("precision_micro", None, averaged("precision", "micro")),
    Metric("recall_micro", None, averaged("recall", "micro")),
    Metric("f1_micro", None, averaged("f1", "micro")),
    Metric("precision_weighted", None, averaged("precision", "weighted")),
    Metric("recall_weighted", None, averaged("recall", "weighted")),
    Metric("f1_weighted", None, averaged("f1", "weighted")),
)
