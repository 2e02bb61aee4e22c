"""From which probability on a clip is predicted to have a label."""

import numpy as np
from scipy.special import expit, logit

THRESHOLD = 0.5  # where no clip tells a better one
_EPSILON = 1e-15  # thresholds are so far from 0 and 1, at least


def fit_thresholds(targets: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The threshold of each class, (classes,), between 0 and 1.

    The one under which the F1 of its n clips is highest, drawn towards the shared one, which is best over all pairs of
    clip and class: the mean of their logits, weighted n to 1. The shared one itself where the class has no clips, or
    where tagging all clips has the highest F1, which says no more than that the scores do not tell the class.
    """
    shared = _best_threshold(targets.ravel(), probabilities.ravel(), THRESHOLD)
    columns = zip(targets.T, probabilities.T, strict=True)
    own, clips = np.array([_best_threshold(*column, shared) for column in columns]), (targets > 0).sum(axis=0)
    return expit((clips * logit(own) + logit(shared)) / (clips + 1))


def _best_threshold(targets: np.ndarray, probabilities: np.ndarray, otherwise: float) -> float:
    """Where F1 is highest: the middle between two neighbouring scores, so that a little noise changes nothing.

    Of cuts with the same F1 the one in the widest gap. `otherwise` without a positive, or where no cut is the best.
    """
    if not targets.any():
        return otherwise
    values, where = np.unique(-probabilities, return_inverse=True)  # the highest first
    predicted = np.bincount(where).cumsum()
    hits = np.bincount(where, weights=targets > 0).cumsum()
    f1 = 2 * hits / (predicted + hits[-1])
    best = np.flatnonzero(f1[:-1] == f1.max())  # the last is that of all clips
    if not len(best):
        return otherwise
    above, below = -values[best], -values[best + 1]
    widest = (above - below).argmax()
    return float(np.clip((above + below)[widest] / 2, _EPSILON, 1 - _EPSILON))
