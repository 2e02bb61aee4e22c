"""The kinds of task, and all in which they differ once a network is trained: scores, metrics, tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tagging.evaluation.multiclass import clip_hits, multiclass_report, multiclass_table
from tagging.evaluation.multilabel import clip_precisions, multilabel_report, per_class_table
from tagging.evaluation.names import METRICS
from tagging.evaluation.regression import clip_errors, regression_report, regression_table


@dataclass(frozen=True)
class TaskKind:
    """A kind of task.

    Attributes:
        name: as `Dataset.task`.
        activation: what makes scores of logits, a key of `submissions.activations.ACTIVATIONS`.
        metric: the key of the report that a run is judged by, unless the config says otherwise.
        shown: keys of the report that are printed -> their names; the metric first.
        metrics: keys of the report that are figures of merit; a config can name `val_` and one of them.
        report: (targets, logits) -> figures, by key.
        table: (targets, logits, classes) -> a row a class.
        clip_parts: (targets, logits) -> (clips,), (clips,): the metric is the sum of the first over that of the second.
    """

    name: str
    activation: str
    metric: str
    shown: dict[str, str]
    metrics: tuple[str, ...]
    report: Callable[[np.ndarray, np.ndarray], dict[str, float | int]]
    table: Callable[[np.ndarray, np.ndarray, Sequence], pd.DataFrame]
    clip_parts: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

    def value(self, targets: np.ndarray, logits: np.ndarray) -> float:
        """The metric."""
        parts, weights = self.clip_parts(targets, logits)
        return float(parts.sum() / weights.sum())

    def goodness(self, targets: np.ndarray, logits: np.ndarray) -> float:
        """The metric, so that higher is better."""
        return -self.value(targets, logits) if is_lower_better(self.metric) else self.value(targets, logits)

    def line(self, figures: dict[str, float | int]) -> str:
        """The figures that are shown, on one line."""
        return "   ".join(f"{title} {figures[key]:.4f}" for key, title in self.shown.items())

    @property
    def title(self) -> str:
        """The metric's printed name."""
        return self.shown[self.metric]


def is_lower_better(metric: str) -> bool:
    """Whether a metric, with `val_` or without, is an error."""
    return metric.removeprefix("val_") in ("loss", "mse", "mae")


KINDS = {
    kind.name: kind
    for kind in (
        TaskKind(
            "multilabel",
            "sigmoid",
            "lwlrap",
            {"lwlrap": "LWLRAP", "map": "mAP", "roc_auc": "ROC AUC"},
            METRICS["multilabel"],
            multilabel_report,
            per_class_table,
            clip_precisions,
        ),
        TaskKind(
            "multiclass",
            "softmax",
            "accuracy",
            {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy", "f1_macro": "macro F1"},
            METRICS["multiclass"],
            multiclass_report,
            multiclass_table,
            clip_hits,
        ),
        TaskKind(
            "regression",
            "linear",
            "mse",
            {"mse": "MSE", "mae": "MAE", "r2": "R2", "spearman": "Spearman"},
            METRICS["regression"],
            regression_report,
            regression_table,
            clip_errors,
        ),
    )
}
