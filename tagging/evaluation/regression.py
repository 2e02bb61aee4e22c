"""Numbers instead of labels: errors and correlations, target by target."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from tagging.evaluation.checks import EvaluationError, check_matrices


def regression_report(targets: np.ndarray, values: np.ndarray) -> dict[str, float | int]:
    """Means over targets of the figures of `regression_table`.

    Returns:
        `clips`, `mse`, `mae`, `r2`, `spearman`. A target of which a figure is not defined is no part of its mean; a
        mean over none is NaN.

    Raises:
        EvaluationError: shapes that differ, no clips, or NaN.
    """
    table = regression_table(targets, values, range(np.shape(targets)[-1]))
    means = {key: float(table[key].mean()) for key in ("mse", "mae", "r2", "spearman")}
    return {"clips": len(targets), **means}


def regression_table(targets: np.ndarray, values: np.ndarray, names: Sequence) -> pd.DataFrame:
    """A row a target: `label`, `clips`, `mse`, `mae`, `r2`, `spearman`.

    r2 = 1 - sum (y - f)^2 / sum (y - mean y)^2, not defined for a constant target; `spearman` is the correlation of
    ranks, equal values sharing their mean rank, not defined where either side is constant.

    Args:
        targets, values: (clips, targets), true and predicted.
        names: of the targets.

    Raises:
        EvaluationError: as `regression_report`.
    """
    truth, found = _checked(targets, values)
    errors = (truth - found) ** 2
    spread = ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
    columns = {
        "label": list(names),
        "clips": len(truth),
        "mse": errors.mean(axis=0),
        "mae": np.abs(truth - found).mean(axis=0),
        "r2": 1.0 - _ratio(errors.sum(axis=0), spread),
        "spearman": _correlation(rankdata(truth, axis=0), rankdata(found, axis=0)),
    }
    return pd.DataFrame(columns)


def clip_errors(targets: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Parts of the mean squared error over all targets, which is the sum of the first over the sum of the second.

    Returns:
        (clips,) mean over targets of the squared errors; (clips,) 1.0.

    Raises:
        EvaluationError: as `regression_report`.
    """
    truth, found = _checked(targets, values)
    return ((truth - found) ** 2).mean(axis=1), np.ones(len(truth))


def _correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pearson's, of each column; NaN where one is constant."""
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    return _ratio((a * b).sum(axis=0), np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0)))


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(len(below), np.nan), where=below > 0)


def _checked(targets: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    truth, found = (np.asarray(each, float) for each in check_matrices(targets, values))
    if not len(truth) or not np.isfinite(truth).all():
        raise EvaluationError(
            f"expected finite values of some clips, received others among {len(truth)} clips"
        )
    return truth, found
