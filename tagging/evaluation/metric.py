"""What a metric is: one record, in the file of its kind of task, next to its function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class ClassFigure:
    """A figure of each class: one column of the table of classes.

    Attributes:
        key: name of the column.
        title: its printed name.
        function: (targets, scores), each (clips, classes) -> (classes,), NaN where it is not defined.
        at_best: what its best value, 1, means; "": nothing that has to be explained.
    """

    key: str
    title: str
    function: Callable[[np.ndarray, np.ndarray], np.ndarray]
    at_best: str = ""

    def mean(self, targets: np.ndarray, scores: np.ndarray) -> float:
        """The mean over the classes where it is defined; NaN where there are none."""
        return _mean(self.function(targets, scores))


@dataclass(frozen=True)
class Metric:
    """A figure of merit over all clips.

    Attributes:
        key: its name in reports and in run.json; `val_KEY` is a column of the history, which a stage can monitor.
        title: its printed name; None: it is left out of the printed line, and tables show the key.
        function: (targets, scores), each (clips, classes) -> value. None: the mean of `per_class`; the report then also
            has the number of classes where that is defined, as `KEY_classes`.
        higher_is_better: False for errors.
        per_class: the class figure that it is the mean of. Where the task can draw that figure (`TaskKind.weighted`),
            the metric has an interval in the report.
        streaming: number of classes -> Keras metric named `key`, computed on training batches; None: the metric is
            computed on validation clips only.
    """

    key: str
    title: str | None
    function: Callable[[np.ndarray, np.ndarray], float] | None = None
    higher_is_better: bool = True
    per_class: ClassFigure | None = None
    streaming: Callable[[int], Any] | None = None

    def __post_init__(self) -> None:
        if self.function is None and self.per_class is None:
            raise ValueError(f"metric {self.key}: expected function or per_class, received neither")

    def figures(self, targets: np.ndarray, scores: np.ndarray) -> dict[str, float | int]:
        """Its entries in the report."""
        if self.function is not None:
            return {self.key: self.function(targets, scores)}
        assert self.per_class is not None  # noqa: S101  for the type checker
        values = self.per_class.function(targets, scores)
        return {self.key: _mean(values), f"{self.key}_classes": int(np.isfinite(values).sum())}


def label_counts(targets: np.ndarray, _scores: np.ndarray) -> np.ndarray:
    """Clips with each label, (classes,)."""
    return (targets > 0).sum(axis=0)


def _mean(values: np.ndarray) -> float:
    return float(pd.Series(values).mean())
