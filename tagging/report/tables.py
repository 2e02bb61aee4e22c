"""The tables of a report, as they are written next to it: scores, classes, confusions, clips."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tagging.evaluation.bootstrap import (
    class_figures,
    draw_weights,
    interval_of,
    limits,
    mean_of_classes,
    units_of,
)
from tagging.evaluation.calibration import at_thresholds, log_loss
from tagging.evaluation.task_kinds import TaskKind
from tagging.evaluation.weighted import Figures
from tagging.report.material import Evaluation

_LEAST_UNITS = 2  # with the label: of a single clip or group, no draw can tell what others would do


def drawn_figures(kind: TaskKind, evaluation: Evaluation, seed: int) -> Figures:
    """Figures of each class under draws of the clips, or of their recordings."""
    weights = draw_weights(list(evaluation.clips["group"]), seed)
    return class_figures(kind, evaluation.targets, evaluation.logits, weights)


def overall_table(kind: TaskKind, evaluation: Evaluation, drawn: Figures, seed: int) -> pd.DataFrame:
    """One row per metric, the ranking metric first: `figure`, `value`, `low`, `high` (95 % interval, or NaN)."""
    report = kind.report(evaluation.targets, evaluation.logits)
    groups, rows = list(evaluation.clips["group"]), []
    for metric in dict.fromkeys([kind.metric, *kind.shown, *kind.metrics]):
        low, high = float("nan"), float("nan")
        if metric == kind.metric:
            found = interval_of(kind, evaluation.targets, evaluation.logits, groups, seed=seed)
            low, high = found.low, found.high
        elif metric.per_class and metric.per_class.key in drawn:
            means = mean_of_classes(drawn[metric.per_class.key])
            low, high = (float(each[0]) for each in limits(means))
        rows.append({"figure": metric.key, "value": float(report[metric.key]), "low": low, "high": high})
    return pd.DataFrame(rows)


def class_table(
    kind: TaskKind, evaluation: Evaluation, drawn: Figures, classes: Sequence[str]
) -> pd.DataFrame:
    """One row per class: the task's table, limits of `interval_figure`, and figures at thresholds if there are any."""
    table = kind.table(evaluation.targets, evaluation.logits, classes)
    figure = kind.interval_figure.key
    low, high = limits(drawn[figure])
    is_thin = _units_of_classes(kind, evaluation) < _LEAST_UNITS
    table[f"{figure}_low"], table[f"{figure}_high"] = (
        np.where(is_thin, np.nan, each) for each in (low, high)
    )
    calibration = evaluation.calibration
    if calibration is None or calibration.thresholds is None:
        return table
    probabilities = calibration.probabilities(kind, evaluation.logits)
    return table.join(at_thresholds(calibration, evaluation.targets, probabilities))


def _units_of_classes(kind: TaskKind, evaluation: Evaluation) -> np.ndarray:
    """How many groups have a clip of each class, (classes,); every clip has a value of every target."""
    units, has = units_of(list(evaluation.clips["group"])), evaluation.targets > 0
    if not kind.has_labels:
        has = np.ones_like(has)
    return np.array([len(np.unique(units[column])) for column in has.T])


def confused_table(evaluation: Evaluation, classes: Sequence[str]) -> pd.DataFrame:
    """Which labels are missed for which class, the most frequent first: `label`, `confused_with`, `clips`, `share`.

    A label of a clip is missed if a class that the clip does not have scores higher; it is confused with the highest
    of these. `share` is of the clips with the label.
    """
    is_true, logits = evaluation.targets > 0, evaluation.logits
    wrong = np.where(is_true, -np.inf, logits)
    best = wrong.argmax(axis=1)
    clip, label = np.nonzero(is_true & (wrong.max(axis=1)[:, np.newaxis] > logits))
    pairs, counts = np.unique(np.stack([label, best[clip]], axis=1), axis=0, return_counts=True)
    pairs = pairs.reshape(-1, 2)
    table = pd.DataFrame(
        {
            "label": [classes[k] for k in pairs[:, 0]],
            "confused_with": [classes[k] for k in pairs[:, 1]],
            "clips": counts,
            "share": counts / is_true.sum(axis=0)[pairs[:, 0]],
        }
    )
    return table.sort_values(["clips", "share"], ascending=False, kind="stable").reset_index(drop=True)


def clip_table(kind: TaskKind, evaluation: Evaluation, classes: Sequence[str]) -> pd.DataFrame:
    """One row per clip, the best first: by the task's metric, of equal ones by the log loss of calibrated scores.

    Columns: `fname`, `labels`, `fold` where there are folds, the metric, and `log_loss`, `predicted` (the most likely
    class) and its `score`; for regression `true_NAME` and `predicted_NAME` of each target. Clips that have no part in
    the metric (without a label) are left out.
    """
    parts, weights = kind.clip_parts(evaluation.targets, evaluation.logits)
    counted = weights > 0
    folds = {} if evaluation.fold is None else {"fold": evaluation.fold}
    columns = {
        "fname": evaluation.fnames,
        "labels": evaluation.clips["labels"].map(", ".join),
        **folds,
        kind.metric.key: np.divide(parts, weights, out=np.zeros(len(parts)), where=counted),
        **_predictions(kind, evaluation, classes),
    }
    table = pd.DataFrame(columns)[counted]
    by = [kind.metric.key, *(["log_loss"] if "log_loss" in table else [])]
    ascending = [not kind.metric.higher_is_better, *([True] * (len(by) - 1))]
    return table.sort_values(by, ascending=ascending, kind="stable")


def _predictions(kind: TaskKind, evaluation: Evaluation, classes: Sequence[str]) -> dict[str, object]:
    if evaluation.calibration is None:
        both = (("true", evaluation.targets), ("predicted", evaluation.logits))
        return {f"{part}_{name}": values[:, k] for k, name in enumerate(classes) for part, values in both}
    probabilities = evaluation.calibration.probabilities(kind, evaluation.logits)
    return {
        "log_loss": log_loss(
            kind, evaluation.targets, evaluation.logits / evaluation.calibration.temperature
        ),
        "predicted": [classes[k] for k in evaluation.logits.argmax(axis=1)],
        "score": probabilities.max(axis=1),
    }
