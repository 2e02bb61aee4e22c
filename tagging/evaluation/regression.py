"""Numbers instead of labels: errors and correlations, target by target."""

from typing import Any

import numpy as np
from scipy.stats import rankdata

from tagging.evaluation.checks import EvaluationError, check_matrices
from tagging.evaluation.metric import ClassFigure, Metric
from tagging.evaluation.weighted import ratio


def squared_errors(targets: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean squared error of each target, (targets,).

    Args:
        targets, values: (clips, targets), true and predicted.

    Raises:
        EvaluationError: shapes that differ, no clips, or NaN.
    """
    truth, found = _checked(targets, values)
    return ((truth - found) ** 2).mean(axis=0)


def absolute_errors(targets: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean absolute error of each target, (targets,); args, raises: as `squared_errors`."""
    truth, found = _checked(targets, values)
    return np.abs(truth - found).mean(axis=0)


def determinations(targets: np.ndarray, values: np.ndarray) -> np.ndarray:
    """R2 of each target, (targets,): 1 - sum (y - f)^2 / sum (y - mean y)^2, NaN for a constant target.

    Args, raises: as `squared_errors`.
    """
    truth, found = _checked(targets, values)
    spread = ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
    return 1.0 - ratio(((truth - found) ** 2).sum(axis=0), spread)


def rank_correlations(targets: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Spearman's correlation of each target, (targets,); equal values share their mean rank, NaN where one is constant.

    Args, raises: as `squared_errors`.
    """
    a, b = (rankdata(each, axis=0) for each in _checked(targets, values))
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    return ratio((a * b).sum(axis=0), np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0)))


def clip_errors(targets: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Parts of the mean squared error over all targets, which is the sum of the first over the sum of the second.

    Returns:
        (clips,) mean over targets of the squared errors; (clips,) 1.0.

    Raises:
        EvaluationError: as `squared_errors`.
    """
    truth, found = _checked(targets, values)
    return ((truth - found) ** 2).mean(axis=1), np.ones(len(truth))


def _checked(targets: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    truth, found = (np.asarray(each, float) for each in check_matrices(targets, values))
    if not len(truth) or not np.isfinite(truth).all():
        raise EvaluationError(
            f"expected finite values of some clips, received others among {len(truth)} clips"
        )
    return truth, found


def _streaming(_n_targets: int) -> Any:
    import keras  # noqa: PLC0415  the other figures need no Keras

    return keras.metrics.MeanSquaredError(name="mse")


MSE = ClassFigure("mse", "MSE", squared_errors)
MAE = ClassFigure("mae", "MAE", absolute_errors)
R2 = ClassFigure("r2", "R2", determinations)
SPEARMAN = ClassFigure("spearman", "Spearman", rank_correlations)
CLIPS = ClassFigure("clips", "clips", lambda targets, _: np.full(targets.shape[1], len(targets)))
CLASS_FIGURES = (CLIPS, MSE, MAE, R2, SPEARMAN)
METRICS = (
    Metric("mse", "MSE", MSE.mean, higher_is_better=False, per_class=MSE, streaming=_streaming),
    Metric("mae", "MAE", MAE.mean, higher_is_better=False, per_class=MAE),
    Metric("r2", "R2", R2.mean, per_class=R2),
    Metric("spearman", "Spearman", SPEARMAN.mean, per_class=SPEARMAN),
)
