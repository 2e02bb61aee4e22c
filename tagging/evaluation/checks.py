"""What targets and scores must be, whatever the task."""

import numpy as np

from foundation.errors import UserError


class EvaluationError(UserError):
    """Targets and scores that cannot be compared; the message is one line for the user."""


def check_matrices(targets: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays, if they have one shape (clips, classes) and no score is NaN.

    Raises:
        EvaluationError: if not.
    """
    targets, scores = np.asarray(targets), np.asarray(scores)
    if targets.shape != scores.shape or targets.ndim != 2:
        raise EvaluationError(
            "expected targets and scores of one shape (clips, classes), "
            f"received {targets.shape} and {scores.shape}"
        )
    if nan_clips := int(np.isnan(scores).any(axis=1).sum()):
        raise EvaluationError(
            f"expected scores without NaN, received NaN in {nan_clips} of {len(scores)} clips"
        )
    return targets, scores
