"""How far a figure, or a difference of two, would move with other clips: bootstrap intervals.

What is drawn again are recordings where they are known: their clips resemble each other, so drawing clips would
make the intervals too narrow. With few recordings (under some twenty) even these are narrow; `n_units` says how
many there were.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import bootstrap

from tagging.datasets.stratified import own_groups
from tagging.evaluation.checks import EvaluationError
from tagging.evaluation.task_kinds import TaskKind

_RESAMPLES = 2000
_CHUNK_VALUES = 2**21  # drawn at a time


class Interval(NamedTuple):
    """A figure with its 95 % percentile bootstrap interval, and the number of clips or groups that were drawn from."""

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
        groups: name of each clip's recording, "" where it is not known: the clip is drawn alone. None: all are.
        seed: of the draws.

    Raises:
        EvaluationError: as the metric; also with fewer than 2 clips or groups with labels.
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
    names = own_groups([""] * len(labels) if groups is None else groups)
    if len(names) != len(labels):
        raise EvaluationError(f"expected a group for each of {len(labels)} clips, received {len(names)}")
    _, unit = np.unique(names[labels > 0].astype(str), return_inverse=True)
    gains, labels = (np.bincount(unit, weights=each[labels > 0]) for each in (gains, labels))
    if len(labels) < 2:
        raise EvaluationError(
            f"expected at least 2 clips or groups with labels to draw from, received {len(labels)}"
        )
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
    return Interval(float(gains.sum() / labels.sum()), float(drawn.low), float(drawn.high), len(labels))
