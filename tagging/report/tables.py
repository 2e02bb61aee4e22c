"""The tables of a report, as they are written next to it: scores, classes, confusions, clips."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tagging.evaluation.bootstrap import class_figures, draw_weights, interval_of, limits, mean_of_classes
from tagging.evaluation.calibration import at_thresholds, log_loss
from tagging.evaluation.checks import EvaluationError
from tagging.evaluation.task_kinds import TaskKind
from tagging.evaluation.weighted import Figures
from tagging.report.material import Judged

_LEAST_CLIPS = 2  # with the label: of a single clip, no draw can tell what others would do


def drawn_figures(kind: TaskKind, judged: Judged, seed: int) -> Figures:
    """Figures of each class under draws of the clips, or of their recordings."""
    weights = draw_weights(list(judged.clips["group"]), seed)
    return class_figures(kind, judged.targets, judged.logits, weights)


def overall_table(kind: TaskKind, judged: Judged, drawn: Figures, seed: int) -> pd.DataFrame:
    """One row per metric, the ranking metric first: `figure`, `value`, `low`, `high` (95 % interval, or NaN)."""
    report = kind.report(judged.targets, judged.logits)
    rows = []
    for metric in dict.fromkeys([kind.metric, *kind.shown, *kind.metrics]):
        low, high = float("nan"), float("nan")
        if metric == kind.metric:
            low, high = _interval(kind, judged, seed)
        elif metric.per_class and metric.per_class.key in drawn:
            means = mean_of_classes(drawn[metric.per_class.key])
            low, high = (float(each[0]) for each in limits(means))
        rows.append({"figure": metric.key, "value": float(report[metric.key]), "low": low, "high": high})
    return pd.DataFrame(rows)


def _interval(kind: TaskKind, judged: Judged, seed: int) -> tuple[float, float]:
    try:
        found = interval_of(kind, judged.targets, judged.logits, list(judged.clips["group"]), seed=seed)
    except EvaluationError:  # one clip, or one recording: there is nothing to draw from
        return float("nan"), float("nan")
    return found.low, found.high


def class_table(kind: TaskKind, judged: Judged, drawn: Figures, classes: Sequence[str]) -> pd.DataFrame:
    """One row per class: the task's table, limits of `interval_figure`, and figures at thresholds if there are any."""
    table = kind.table(judged.targets, judged.logits, classes)
    figure = kind.interval_figure.key
    low, high = limits(drawn[figure])
    is_thin = (table["clips"] < _LEAST_CLIPS).to_numpy(bool)
    table[f"{figure}_low"], table[f"{figure}_high"] = (
        np.where(is_thin, np.nan, each) for each in (low, high)
    )
    calibration = judged.calibration
    if calibration is None or calibration.thresholds is None:
        return table
    probabilities = calibration.probabilities(kind, judged.logits)
    return table.join(at_thresholds(calibration, judged.targets, probabilities))


def confused_table(judged: Judged, classes: Sequence[str]) -> pd.DataFrame:
    """Which labels are missed for which class, the most frequent first: `label`, `taken_for`, `clips`, `share`.

    A label of a clip is missed if a class that the clip does not have scores higher; it is confused with the highest
    of these. `share` is of the clips with the label.
    """
    is_true, logits = judged.targets > 0, judged.logits
    wrong = np.where(is_true, -np.inf, logits)
    best = wrong.argmax(axis=1)
    clip, label = np.nonzero(is_true & (wrong.max(axis=1)[:, np.newaxis] > logits))
    pairs, counts = np.unique(np.stack([label, best[clip]], axis=1), axis=0, return_counts=True)
    pairs = pairs.reshape(-1, 2)
    table = pd.DataFrame(
        {
            "label": [classes[k] for k in pairs[:, 0]],
            "taken_for": [classes[k] for k in pairs[:, 1]],
            "clips": counts,
            "share": counts / is_true.sum(axis=0)[pairs[:, 0]],
        }
    )
    return table.sort_values(["clips", "share"], ascending=False, kind="stable").reset_index(drop=True)


def clip_table(kind: TaskKind, judged: Judged, classes: Sequence[str]) -> pd.DataFrame:
    """One row per clip, the best first: by the task's metric, of equal ones by the log loss of calibrated scores.

    Columns: `fname`, `labels`, `fold` where there are folds, the metric, and `log_loss`, `said` (the most likely class)
    and its `score`; of numbers `true_NAME` and `said_NAME` of each target. Clips that have no part in the metric
    (without a label) are left out.
    """
    parts, weights = kind.clip_parts(judged.targets, judged.logits)
    counted = weights > 0
    folds = {} if judged.fold is None else {"fold": judged.fold}
    columns = {
        "fname": judged.fnames,
        "labels": judged.clips["labels"].map(", ".join),
        **folds,
        kind.metric.key: np.divide(parts, weights, out=np.zeros(len(parts)), where=counted),
        **_said(kind, judged, classes),
    }
    table = pd.DataFrame(columns)[counted]
    by = [kind.metric.key, *(["log_loss"] if "log_loss" in table else [])]
    ascending = [not kind.metric.higher_is_better, *([True] * (len(by) - 1))]
    return table.sort_values(by, ascending=ascending, kind="stable")


def _said(kind: TaskKind, judged: Judged, classes: Sequence[str]) -> dict[str, object]:
    if judged.calibration is None:
        both = (("true", judged.targets), ("said", judged.logits))
        return {f"{part}_{name}": values[:, k] for k, name in enumerate(classes) for part, values in both}
    probabilities = judged.calibration.probabilities(kind, judged.logits)
    return {
        "log_loss": log_loss(kind, judged.targets, judged.logits / judged.calibration.temperature),
        "said": [classes[k] for k in judged.logits.argmax(axis=1)],
        "score": probabilities.max(axis=1),
    }
