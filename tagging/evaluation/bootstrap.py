"""Bootstrap intervals: how far a figure, or a difference of two, would move with other clips.

Groups of clips (recordings) are resampled where they are known: their clips resemble each other, so resampling single
clips would make the intervals too narrow. With few groups (under some twenty) even these are narrow, and with fewer
than `LEAST_UNITS` there is none; `n_units` says how many there were. Throughout, `groups` has the name of each clip's
recording, "" where it is not known: such a clip is a group of its own.

There are two ways to draw. The metric of a task is a ratio of sums over clips, so thousands of draws cost little
(`interval_of`). Figures of each class need the clips themselves; they are computed under some hundred draws, each given
as a weight per clip (`draw_weights`, `class_figures`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import bootstrap

from tagging.datasets.stratified import own_groups
from tagging.evaluation.checks import EvaluationError
from tagging.evaluation.task_kinds import TaskKind
from tagging.evaluation.weighted import Figures, ratio

DRAWS = 500  # of weights
LEAST_UNITS = 5  # groups; draws of fewer say nothing about other groups
_RESAMPLES = 2000
_CHUNK_VALUES = 2**21  # drawn at a time
_CHUNK_WEIGHTS = 2**22  # looked at together
_LEAST = DRAWS // 2  # draws that must have a figure


class Interval(NamedTuple):
    """A figure with its 95 % percentile bootstrap interval, and the number of clips or groups that were drawn from.

    `low` and `high` are NaN if there are fewer than `LEAST_UNITS`.
    """

    value: float
    low: float
    high: float
    n_units: int


def interval_of(
    kind: TaskKind,
    targets: np.ndarray,
    scores: np.ndarray,
    groups: Sequence[str] | None = None,
    *,
    seed: int = 0,
) -> Interval:
    """The metric of a kind of task and its interval.

    Percentile method: Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.

    Args:
        kind: says which metric.
        targets: (clips, classes); clips without labels drop out.
        scores: (clips, classes).
        groups: see above; None: all clips are drawn alone.
        seed: of the draws.

    Raises:
        EvaluationError: as the metric.
    """
    parts, weights = kind.clip_parts(targets, scores)
    return _interval(parts, weights, groups, seed)


def interval_of_difference(
    kind: TaskKind,
    targets: np.ndarray,
    scores_a: np.ndarray,
    scores_b: np.ndarray,
    groups: Sequence[str] | None = None,
    *,
    seed: int = 0,
) -> Interval:
    """The metric of `scores_a` minus that of `scores_b`, and its interval: both are drawn with the same clips.

    Args, raises: as `interval_of`.
    """
    (a, weights), (b, _) = (kind.clip_parts(targets, scores) for scores in (scores_a, scores_b))
    return _interval(a - b, weights, groups, seed)


def _interval(gains: np.ndarray, labels: np.ndarray, groups: Sequence[str] | None, seed: int) -> Interval:
    """Of sum(gains) / sum(labels), each (clips,), over draws of groups."""
    if groups is not None and len(groups) != len(labels):
        raise EvaluationError(f"expected a group for each of {len(labels)} clips, received {len(groups)}")
    unit = _numbered(own_groups([""] * len(labels) if groups is None else groups)[labels > 0])
    gains, labels = (np.bincount(unit, weights=each[labels > 0]) for each in (gains, labels))
    value = float(gains.sum() / labels.sum())
    if len(labels) < LEAST_UNITS:
        return Interval(value, float("nan"), float("nan"), len(labels))
    drawn = bootstrap(
        (gains, labels),
        lambda gains, labels, axis: gains.sum(axis) / labels.sum(axis),
        paired=True,
        vectorized=True,
        n_resamples=_RESAMPLES,
        batch=max(1, _CHUNK_VALUES // len(labels)),
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(value, float(drawn.low), float(drawn.high), len(labels))


def units_of(groups: Sequence[str]) -> np.ndarray:
    """Number, from 0, of the group that each clip is drawn with, (clips,); `groups` as above."""
    return _numbered(own_groups(groups))


def draw_weights(groups: Sequence[str], seed: int) -> np.ndarray:
    """How often each clip is in each draw of as many groups as there are, (DRAWS, clips) float32.

    With fewer than `LEAST_UNITS` groups there are no draws, (0, clips).

    Args:
        groups: see above.
        seed: of the draws.
    """
    unit = units_of(groups)
    n_units = int(unit.max()) + 1
    n_draws = DRAWS if n_units >= LEAST_UNITS else 0
    drawn = np.random.default_rng(seed).multinomial(n_units, np.full(n_units, 1 / n_units), n_draws)
    return drawn[:, unit].astype(np.float32)


def class_figures(kind: TaskKind, targets: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> Figures:
    """Figures of each class under each draw, by the keys that the task's table has.

    Args:
        kind: says which figures.
        targets, scores: (clips, classes).
        weights: (draws, clips).
    """
    step = max(1, _CHUNK_WEIGHTS // weights.shape[1])
    parts = [
        kind.weighted(targets, scores, weights[start : start + step])
        for start in range(0, max(1, len(weights)), step)
    ]
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def limits(drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(columns,) 2.5th and (columns,) 97.5th percentile; NaN where most draws have no figure.

    Args:
        drawn: (draws, columns).
    """
    columns = [column[np.isfinite(column)] for column in drawn.T]
    found = [
        np.percentile(column, (2.5, 97.5)) if len(column) >= _LEAST else np.full(2, np.nan)
        for column in columns
    ]
    low, high = np.array(found).reshape(-1, 2).T
    return low, high


def mean_of_classes(drawn: np.ndarray) -> np.ndarray:
    """(draws, classes) -> (draws, 1) mean over the classes that have a figure."""
    counts = np.isfinite(drawn).sum(axis=1, keepdims=True)
    return ratio(np.nansum(drawn, axis=1, keepdims=True), counts)


def _numbered(names: np.ndarray) -> np.ndarray:
    """The number of each name, (clips,)."""
    return np.unique(names.astype(str), return_inverse=True)[1]
