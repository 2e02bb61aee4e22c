"""How far the figures of classes would move with other clips: draws of clips, and each figure under each draw.

As in `tagging.evaluation.bootstrap`, what is drawn are recordings where they are known. A draw is a weight of each
clip, how often it was drawn, so that the scores of a class are sorted once and not once a draw.
"""

from collections.abc import Callable, Sequence

import numpy as np

from tagging.datasets.stratified import own_groups

DRAWS = 500
_CHUNK_VALUES = 2**22  # weights looked at together
_LEAST = DRAWS // 2  # draws that must have a figure

Figures = dict[str, np.ndarray]
"""Name -> (draws, classes), NaN where a figure is not defined."""


def draw_weights(groups: Sequence[str], seed: int) -> np.ndarray:
    """How often each clip is in each draw of as many groups as there are, (DRAWS, clips) float32.

    Args:
        groups: recording of each clip, "" where it is not known: the clip is drawn alone.
        seed: of the draws.
    """
    _, unit = np.unique(own_groups(groups).astype(str), return_inverse=True)
    n_units = int(unit.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(n_units, np.full(n_units, 1 / n_units), DRAWS)
    return drawn[:, unit].astype(np.float32)


def class_figures(name: str, targets: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> Figures:
    """Figures of each class under each draw, by the names that the task's table has.

    Args:
        name: of the task.
        targets, scores: (clips, classes).
        weights: (draws, clips).
    """
    step = max(1, _CHUNK_VALUES // weights.shape[1])
    parts = [
        _FIGURES[name](targets, scores, weights[start : start + step])
        for start in range(0, len(weights), step)
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
    return _ratio(np.nansum(drawn, axis=1, keepdims=True), counts)


def _ranked(targets: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> Figures:
    """`ap` and `auc` of each class, as scikit-learn's with these weights."""
    by_clip = np.ascontiguousarray(weights.T)
    columns = [_ranked_class(*column, by_clip) for column in zip(targets.T > 0, scores.T, strict=True)]
    return {key: np.stack([each[k] for each in columns], axis=1) for k, key in enumerate(("ap", "auc"))}


def _ranked_class(
    is_true: np.ndarray, scores: np.ndarray, by_clip: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Both figures of one class, (draws,) each; clips of equal score share the rank of the last of them.

    Args:
        is_true, scores: (clips,).
        by_clip: weights, (clips, draws).
    """
    order = np.argsort(-scores, kind="stable")
    hit, ordered = np.flatnonzero(is_true[order]), -scores[order]
    own = by_clip[order[hit]]
    said, true_said = _sums(by_clip[order]), _sums(own)  # row n: of the first n
    n_true, n_false = true_said[-1], said[-1] - true_said[-1]
    ends = [np.searchsorted(ordered, ordered[hit], side=side) for side in ("left", "right")]
    true_before, true_upto = (true_said[np.searchsorted(hit, end)] for end in ends)
    said_before, said_upto = (said[end] for end in ends)
    ap = _ratio((own * np.nan_to_num(_ratio(true_upto, said_upto))).sum(axis=0), n_true)
    below = n_false - ((said_before - true_before) + (said_upto - true_upto)) / 2
    return ap, _ratio((own * below).sum(axis=0), n_true * n_false)


def _sums(values: np.ndarray) -> np.ndarray:
    """Sums of the first 0, 1, 2 ... rows."""
    sums = np.zeros((len(values) + 1, values.shape[1]), values.dtype)
    np.cumsum(values, axis=0, out=sums[1:])
    return sums


def _decided(targets: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> Figures:
    """`precision`, `recall` and `f1` of each class, the highest score deciding."""
    said = np.eye(targets.shape[1], dtype=np.float32)[scores.argmax(axis=1)]
    hits, n_said, n_true = (
        weights @ np.asarray(each, np.float32) for each in (said * targets, said, targets)
    )
    return {
        "precision": _ratio(hits, n_said),
        "recall": _ratio(hits, n_true),
        "f1": _ratio(2 * hits, n_said + n_true),
    }


def _errors(targets: np.ndarray, values: np.ndarray, weights: np.ndarray) -> Figures:
    """`mse`, `mae` and `r2` of each target."""
    centred = targets - targets.mean(axis=0)  # keeps the difference of squares exact
    n = weights.sum(axis=1, keepdims=True)
    error, size = weights @ (targets - values) ** 2, weights @ np.abs(targets - values)
    spread = weights @ centred**2 - (weights @ centred) ** 2 / n
    return {"mse": error / n, "mae": size / n, "r2": 1.0 - _ratio(error, spread)}


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    above = np.asarray(above, float)
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)


_FIGURES: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], Figures]] = {
    "multilabel": _ranked,
    "multiclass": _decided,
    "regression": _errors,
}
