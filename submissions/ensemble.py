"""One matrix of scores out of those of several runs."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import softmax
from scipy.stats import rankdata

from foundation.errors import UserError
from submissions.activations import Activation


class SubmissionError(UserError):
    """Scores that cannot be combined, written or read; the message is one line for the user."""


def combine(
    logits: Sequence[np.ndarray],
    activation: Activation,
    method: str = "mean",
    weights: Sequence[float] | None = None,
) -> np.ndarray:
    """Scores of an ensemble.

    - `mean`: mean of the runs' scores.
    - `geometric`: geometric mean of the runs' probabilities, exp(sum of w log p). Under a sigmoid it is not scaled so
      that p and 1 - p add up to 1 again: that would be the sigmoid of the mean logit, another order of the
      classes. Under a softmax the classes of a clip add up to 1.
    - `rank`: mean of the runs' ranks of the clips within each class, 0 the lowest, 1 the highest; equal
      logits share their mean rank. It compares clips, not the classes of a clip, which LWLRAP ranks.

    Arithmetic is float64, so probabilities keep the order of logits up to about 36 (float32: 16). With one
    run, `mean` and `geometric` are its probabilities.

    Args:
        logits: one (clips, classes) matrix a run.
        activation: of the runs; scores that are not probabilities have a mean only.
        method: a key of METHODS.
        weights: one a run, 0 or more; None: all equal. Only their proportions count.

    Returns:
        (clips, classes) float64; probabilities and ranks from 0 to 1, higher = more likely.

    Raises:
        SubmissionError: on no run, shapes that differ, logits not finite, wrong weights, an unknown method.
    """
    votes = transformed(logits, activation, method)
    shares = np.full(len(votes), 1.0) if weights is None else check_weights(weights, len(votes))
    return METHODS[method].score(np.tensordot(shares / shares.sum(), votes, axes=1), activation)


def average_folds(logits: Sequence[np.ndarray], activation: Activation) -> np.ndarray:
    """The models of the folds of one training as one: the logits of their mean scores; of one model its own.

    Args:
        logits: one (clips, classes) matrix a fold.
        activation: of the models.

    Returns:
        (clips, classes) float32.

    Raises:
        SubmissionError: as `combine`.
    """
    if len(logits) == 1:
        return logits[0]
    stacked = _stacked(logits)
    models, clips, classes = stacked.shape
    by_clip = np.moveaxis(stacked, 0, 1).reshape(models * clips, classes)
    starts = np.arange(0, models * clips, models)
    return activation.mean(by_clip, starts).astype(np.float32) if clips else stacked[0]


def check_weights(weights: Sequence[float], models: int) -> np.ndarray:
    """The weights of this many models as float64.

    Raises:
        SubmissionError: the wrong number of weights, or an invalid weight.
    """
    values = np.asarray(weights, np.float64)
    if values.shape != (models,) or not np.isfinite(values).all() or (values < 0).any() or values.sum() <= 0:
        raise SubmissionError(f"expected {models} weights of 0 or more, not all 0, received {list(weights)}")
    return values


def transformed(logits: Sequence[np.ndarray], activation: Activation, method: str) -> np.ndarray:
    """What `method` takes the mean of, (models, clips, classes) float64.

    Raises:
        SubmissionError: as `combine`.
    """
    if method not in METHODS:
        raise SubmissionError(f"expected an ensemble method out of {sorted(METHODS)}, received {method!r}")
    if method != "mean" and activation.log_scores is None:
        raise SubmissionError(
            f"ensemble.method={method} is of probabilities; for values of regression use mean"
        )
    if method == "rank" and activation.is_distribution:
        raise SubmissionError(
            "ensemble.method=rank compares clips, not the classes of a clip, of which exactly one is right; use mean"
        )
    return METHODS[method].vote(_stacked(logits), activation)


def _rank(logits: np.ndarray, _activation: Activation) -> np.ndarray:
    clips = logits.shape[1]
    if clips < 2:
        raise SubmissionError(f"rank: expected at least 2 clips to rank, received {clips}; use method mean")
    return (rankdata(logits, axis=1) - 1.0) / (clips - 1)


def _log_scores(logits: np.ndarray, activation: Activation) -> np.ndarray:
    assert activation.log_scores is not None  # noqa: S101  `transformed` refuses it
    return activation.log_scores(logits)


def _as_it_is(mean: np.ndarray, activation: Activation) -> np.ndarray:  # noqa: ARG001  as the other one
    return mean


def _scaled(mean: np.ndarray, activation: Activation) -> np.ndarray:
    return softmax(mean, axis=-1) if activation.is_distribution else np.exp(mean)


class Method(NamedTuple):
    """A weighted mean of votes (models, clips, classes), and what makes scores of it."""

    vote: Callable[[np.ndarray, Activation], np.ndarray]
    score: Callable[[np.ndarray, Activation], np.ndarray]


METHODS = {
    "mean": Method(lambda logits, activation: activation.scores(logits), _as_it_is),
    "geometric": Method(_log_scores, _scaled),
    "rank": Method(_rank, _as_it_is),
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
