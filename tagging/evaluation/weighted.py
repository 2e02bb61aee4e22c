"""Figures of each class of weighted clips, for many weights at a time: what `bootstrap.py` draws are such weights.

The scores of a class are so sorted once, and not once a draw.
"""

import numpy as np

Figures = dict[str, np.ndarray]
"""Key of a class figure -> (draws, classes), NaN where it is not defined."""


def ranked(targets: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> Figures:
    """`ap` and `auc` of each class, as scikit-learn's with these weights.

    Args:
        targets, scores: (clips, classes).
        weights: (draws, clips).
    """
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
    predicted, true_predicted = _sums(by_clip[order]), _sums(own)  # row n: of the first n
    n_true, n_false = true_predicted[-1], predicted[-1] - true_predicted[-1]
    ends = [np.searchsorted(ordered, ordered[hit], side=side) for side in ("left", "right")]
    true_before, true_upto = (true_predicted[np.searchsorted(hit, end)] for end in ends)
    predicted_before, predicted_upto = (predicted[end] for end in ends)
    ap = ratio((own * np.nan_to_num(ratio(true_upto, predicted_upto))).sum(axis=0), n_true)
    below = n_false - ((predicted_before - true_before) + (predicted_upto - true_upto)) / 2
    return ap, ratio((own * below).sum(axis=0), n_true * n_false)


def _sums(values: np.ndarray) -> np.ndarray:
    """Sums of the first 0, 1, 2 ... rows."""
    sums = np.zeros((len(values) + 1, values.shape[1]), values.dtype)
    np.cumsum(values, axis=0, out=sums[1:])
    return sums


def decided(targets: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> Figures:
    """`precision`, `recall` and `f1` of each class, the highest score deciding; args: as `ranked`."""
    predicted = np.eye(targets.shape[1], dtype=np.float32)[scores.argmax(axis=1)]
    hits, n_predicted, n_true = (
        weights @ np.asarray(each, np.float32) for each in (predicted * targets, predicted, targets)
    )
    return {
        "precision": ratio(hits, n_predicted),
        "recall": ratio(hits, n_true),
        "f1": ratio(2 * hits, n_predicted + n_true),
    }


def errors(targets: np.ndarray, values: np.ndarray, weights: np.ndarray) -> Figures:
    """`mse`, `mae` and `r2` of each target; args: as `ranked`."""
    centred = targets - targets.mean(axis=0)  # keeps the difference of squares exact
    n = weights.sum(axis=1, keepdims=True)
    error, size = weights @ (targets - values) ** 2, weights @ np.abs(targets - values)
    spread = weights @ centred**2 - (weights @ centred) ** 2 / n
    return {"mse": error / n, "mae": size / n, "r2": 1.0 - ratio(error, spread)}


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """The quotient, NaN where it has no denominator above 0."""
    above = np.asarray(above, float)
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
