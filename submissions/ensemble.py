"""One matrix of scores out of those of several runs."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import expit, log_expit
from scipy.stats import rankdata


class SubmissionError(ValueError):
    """Scores that cannot be combined, written or read; the message is one line for the user."""


def combine(
    logits: Sequence[np.ndarray], method: str = "mean", weights: Sequence[float] | None = None
) -> np.ndarray:
    """Scores of an ensemble.

    - `mean`: mean of the runs' probabilities.
    - `geometric`: geometric mean of the runs' probabilities, exp(sum of w log p). Not scaled so that p and
      1 - p add up to 1 again: that would be the sigmoid of the mean logit, another order of the classes.
    - `rank`: mean of the runs' ranks of the clips within each class, 0 the lowest, 1 the highest; equal
      logits share their mean rank. It compares clips, not the classes of a clip, which LWLRAP ranks.

    Arithmetic is float64, so probabilities keep the order of logits up to about 36 (float32: 16). With one
    run, `mean` and `geometric` are its probabilities.

    Args:
        logits: one (clips, classes) matrix a run.
        method: a key of METHODS.
        weights: one a run, 0 or more; None: all equal. Only their proportions count.

    Returns:
        (clips, classes) float64, 0 to 1, higher = more likely.

    Raises:
        SubmissionError: on no run, shapes that differ, logits not finite, wrong weights, an unknown method.
    """
    if method not in METHODS:
        raise SubmissionError(f"expected an ensemble method out of {sorted(METHODS)}, received {method!r}")
    stacked = _stacked(logits)
    return METHODS[method](stacked, _normalised(weights, len(stacked)))


def _mean(logits: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.tensordot(weights, expit(logits), axes=1)


def _geometric(logits: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.exp(np.tensordot(weights, log_expit(logits), axes=1))


def _rank(logits: np.ndarray, weights: np.ndarray) -> np.ndarray:
    clips = logits.shape[1]
    if clips < 2:
        raise SubmissionError(f"rank: expected at least 2 clips to rank, received {clips}; use method mean")
    return np.tensordot(weights, (rankdata(logits, axis=1) - 1.0) / (clips - 1), axes=1)


METHODS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "mean": _mean,
    "geometric": _geometric,
    "rank": _rank,
}


def _stacked(logits: Sequence[np.ndarray]) -> np.ndarray:
    """The runs' logits as (runs, clips, classes) float64."""
    if not len(logits):
        raise SubmissionError("expected the logits of at least one run, received none")
    shapes = [np.shape(run) for run in logits]
    if len(set(shapes)) > 1 or len(shapes[0]) != 2:
        raise SubmissionError(f"expected matrices (clips, classes) of one shape, received {shapes}")
    stacked = np.stack([np.asarray(run, np.float64) for run in logits])
    if bad := [run for run, matrix in enumerate(stacked, 1) if not np.isfinite(matrix).all()]:
        raise SubmissionError(
            f"expected finite logits, received NaN or infinity from run {bad} of {len(stacked)}"
        )
    return stacked


def _normalised(weights: Sequence[float] | None, runs: int) -> np.ndarray:
    """Weights with sum 1."""
    if weights is None:
        return np.full(runs, 1.0 / runs)
    values = np.asarray(weights, np.float64)
    if values.shape != (runs,) or not np.isfinite(values).all() or (values < 0).any() or values.sum() <= 0:
        raise SubmissionError(f"expected {runs} weights of 0 or more, not all 0, received {list(weights)}")
    return values / values.sum()
