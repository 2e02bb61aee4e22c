"""The kinds of task, and all in which they differ once a network is trained: scores, metrics, tables."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from submissions.activations import LINEAR, SIGMOID, SOFTMAX, Activation
from tagging.evaluation import multiclass, multilabel, regression
from tagging.evaluation.checks import EvaluationError, check_matrices
from tagging.evaluation.metric import ClassFigure, Metric
from tagging.evaluation.weighted import Figures, decided, errors, ranked


def _clip_count(targets: np.ndarray) -> dict[str, float | int]:
    return {"clips": len(targets)}


@dataclass(frozen=True)
class TaskKind:
    """A kind of task.

    Attributes:
        name: as `Dataset.task`.
        activation: what makes scores of logits.
        metrics: the figures of merit, in the order of the report; runs are compared by the first, unless the config
            says otherwise.
        class_figures: the columns of the table of classes.
        interval_figure: the one of these that has an interval in the report.
        clip_parts: (targets, logits) -> (clips,), (clips,): the metric is the sum of the first over that of the second.
        weighted: (targets, logits, weights (draws, clips)) -> the class figures that can be drawn, under each draw.
        counts: targets -> what the report begins with.
    """

    name: str
    activation: Activation
    metrics: tuple[Metric, ...]
    class_figures: tuple[ClassFigure, ...]
    interval_figure: ClassFigure
    clip_parts: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
    weighted: Callable[[np.ndarray, np.ndarray, np.ndarray], Figures]
    counts: Callable[[np.ndarray], dict[str, float | int]] = _clip_count

    @property
    def has_labels(self) -> bool:
        """Whether classes are told apart, with probabilities as scores; otherwise targets are predicted."""
        return self.activation.log_scores is not None

    @property
    def is_single_label(self) -> bool:
        """Whether each clip has exactly one label."""
        return self.activation.is_distribution

    @property
    def has_thresholds(self) -> bool:
        """Whether each class is predicted on its own, from a threshold on."""
        return self.has_labels and not self.is_single_label

    @property
    def metric(self) -> Metric:
        """The metric that runs are compared by."""
        return self.metrics[0]

    @property
    def title(self) -> str:
        """That metric's printed name."""
        return self.metric.title or self.metric.key

    @property
    def shown(self) -> tuple[Metric, ...]:
        """The metrics on the printed line."""
        return tuple(metric for metric in self.metrics if metric.title)

    def report(self, targets: np.ndarray, logits: np.ndarray) -> dict[str, float | int]:
        """Number of clips, and each metric under its key.

        Raises:
            EvaluationError: targets and logits, each (clips, classes), that the metrics do not take.
        """
        targets, logits = check_matrices(targets, logits)
        figures = self.counts(targets)
        for metric in self.metrics:
            figures |= metric.figures(targets, logits)
        return figures

    def table(self, targets: np.ndarray, logits: np.ndarray, classes: Sequence) -> pd.DataFrame:
        """One row per class (or target), in the order of `classes`: `label`, and the class figures.

        Raises:
            EvaluationError: as `report`; another number of classes.
        """
        targets, logits = check_matrices(targets, logits)
        if len(classes) != targets.shape[1]:
            raise EvaluationError(f"expected {targets.shape[1]} class names, received {len(classes)}")
        columns = {figure.key: figure.function(targets, logits) for figure in self.class_figures}
        return pd.DataFrame({"label": list(classes), **columns})

    def value(self, targets: np.ndarray, logits: np.ndarray) -> float:
        """The metric."""
        parts, weights = self.clip_parts(targets, logits)
        return float(parts.sum() / weights.sum())

    def goodness(self, targets: np.ndarray, logits: np.ndarray) -> float:
        """The metric, so that higher is better."""
        value = self.value(targets, logits)
        return value if self.metric.higher_is_better else -value

    def line(self, figures: dict[str, float | int]) -> str:
        """The figures that are shown, on one line."""
        return "   ".join(f"{metric.title} {figures[metric.key]:.4f}" for metric in self.shown)


KINDS = {
    kind.name: kind
    for kind in (
        TaskKind(
            name="multilabel",
            activation=SIGMOID,
            metrics=multilabel.METRICS,
            class_figures=multilabel.CLASS_FIGURES,
            interval_figure=multilabel.AP,
            clip_parts=multilabel.clip_precisions,
            weighted=ranked,
            counts=multilabel.clip_counts,
        ),
        TaskKind(
            name="multiclass",
            activation=SOFTMAX,
            metrics=multiclass.METRICS,
            class_figures=multiclass.CLASS_FIGURES,
            interval_figure=multiclass.F1,
            clip_parts=multiclass.clip_hits,
            weighted=decided,
        ),
        TaskKind(
            name="regression",
            activation=LINEAR,
            metrics=regression.METRICS,
            class_figures=regression.CLASS_FIGURES,
            interval_figure=regression.MSE,
            clip_parts=regression.clip_errors,
            weighted=errors,
        ),
    )
}


def known_metrics(task: str | None = None) -> dict[str, Metric]:
    """The metrics of a kind of task, by key; None: of all kinds."""
    kinds = [KINDS[task]] if task else KINDS.values()
    return {metric.key: metric for kind in kinds for metric in kind.metrics}


def common_metric(known: Iterable[Iterable[str]]) -> str | None:
    """The metric that runs are compared by unless one is asked for: the first that all have; None: there is none.

    Args:
        known: for each run, its metrics or the columns of its history.
    """
    each = [{name.removeprefix("val_") for name in names} for names in known]
    return next((key for key in known_metrics() if each and all(key in names for names in each)), None)


def validation_columns(task: str | None) -> list[str]:
    """Columns of the history about validation clips: `val_loss` and `val_METRIC`; None: of tasks of any kind."""
    return ["val_loss", *(f"val_{key}" for key in known_metrics(task))]


def is_lower_better(name: str) -> bool:
    """Whether a metric, with `val_` or without, is an error; the loss is one."""
    key = name.removeprefix("val_")
    metric = known_metrics().get(key)
    return key == "loss" or (metric is not None and not metric.higher_is_better)


def metric_title(key: str) -> str:
    """A metric's name as people write it: LWLRAP, macro F1; the key where it has none."""
    metric = known_metrics().get(key)
    return (metric and metric.title) or key
