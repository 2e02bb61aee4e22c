"""Ensemble weights chosen on clips that no model learnt from."""

from collections.abc import Callable, Sequence

import numpy as np

from submissions.activations import Activation
from submissions.ensemble import METHODS, transformed

_ROUNDS = 100  # weights are hundredths, or coarser


def select_weights(
    logits: Sequence[np.ndarray],
    metric: Callable[[np.ndarray], float],
    activation: Activation,
    method: str = "mean",
) -> np.ndarray:
    """Weights whose ensemble has the highest metric on these clips; equal ones where nothing is better.

    Greedy selection with replacement: Caruana, Niculescu-Mizil, Crew & Ksikes, "Ensemble selection from libraries
    of models", ICML 2004. Round after round takes the model, already taken or not, that helps most; a model's weight is
    how often it was taken, up to the best round. Of models that help alike, the one taken least comes first.

    Args:
        logits: one (clips, classes) matrix a model, out of fold.
        metric: of scores (clips, classes); higher is better.
        activation, method: as in `combine`.

    Returns:
        (models,) float64, 0 or more, sum 1.

    Raises:
        SubmissionError: as `combine`.
    """
    votes = transformed(logits, activation, method)
    score = METHODS[method].score
    taken, total = np.zeros(len(votes), int), np.zeros(votes.shape[1:])
    best, best_weights = metric(score(votes.mean(axis=0), activation)), np.full(len(votes), 1.0 / len(votes))
    for taken_in_all in range(1, _ROUNDS + 1):
        values = [metric(score((total + vote) / taken_in_all, activation)) for vote in votes]
        chosen = max(range(len(votes)), key=lambda model: (values[model], -taken[model]))
        taken[chosen] += 1
        total += votes[chosen]
        if values[chosen] > best:
            best, best_weights = values[chosen], taken / taken.sum()
    return best_weights
