"""From logits to scores and back to the logits of a mean, by the last function of a network."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import expit, log_expit, log_softmax, logit, softmax

_LEAST = 1e-6  # probability of a finite logit


class Activation(NamedTuple):
    """A network's last function.

    Attributes:
        scores: logits (..., classes) -> scores.
        log_scores: logits -> the logarithms of the scores; None if scores are not probabilities.
        mean: logits (rows, classes) and the first row of each group, ascending -> (groups, classes), the logits whose
            scores are the means of the groups' scores.
        inverse: scores -> logits, which are finite also for probabilities of 0 and 1.
        is_distribution: whether the scores of a row add up to 1.
    """

    scores: Callable[[np.ndarray], np.ndarray]
    log_scores: Callable[[np.ndarray], np.ndarray] | None
    mean: Callable[[np.ndarray, np.ndarray], np.ndarray]
    inverse: Callable[[np.ndarray], np.ndarray]
    is_distribution: bool = False


def mean_of_groups(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """(rows, classes) and the first row of each group -> the groups' means."""
    return np.add.reduceat(values, starts) / np.diff([*starts, len(values)])[:, None]


def _sigmoid_mean(logits: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """logit(p) = log(mean sigmoid(z)) - log(mean sigmoid(-z)): sure rows do not saturate."""
    yes, no = (np.logaddexp.reduceat(log_expit(sign * logits), starts) for sign in (1.0, -1.0))
    return yes - no


def _softmax_mean(logits: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """log(mean softmax(z)), whose softmax is the mean itself."""
    counts = np.diff([*starts, len(logits)])[:, None]
    return np.logaddexp.reduceat(log_softmax(logits, axis=-1), starts) - np.log(counts)


def _softmax(logits: np.ndarray) -> np.ndarray:
    return softmax(logits, axis=-1)


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    return log_softmax(logits, axis=-1)


def _logit(scores: np.ndarray) -> np.ndarray:
    return logit(np.clip(scores, _LEAST, 1 - _LEAST))


def _logarithm(scores: np.ndarray) -> np.ndarray:
    return np.log(np.clip(scores, _LEAST, 1))


SIGMOID = Activation(expit, log_expit, _sigmoid_mean, _logit)
SOFTMAX = Activation(_softmax, _log_softmax, _softmax_mean, _logarithm, is_distribution=True)
LINEAR = Activation(np.asarray, None, mean_of_groups, np.asarray)
