"""Which labels are there, and from when to when."""

from collections.abc import Sequence
from numbers import Real

import numpy as np

from tagging.inference.errors import TaggerError

ROUNDING_S = 1e-6  # differences of times may be off by less, and samples are further apart


def presence(
    scores: np.ndarray, silent: np.ndarray, task: str, thresholds: np.ndarray, threshold: float | None
) -> np.ndarray:
    """(rows, classes) bool: which labels each row of scores has."""
    if task == "regression":
        raise TaggerError("expected a run with labels, received regression: its values are no tags")
    check_threshold(threshold)
    is_heard = ~silent[:, None]
    if task == "multilabel":
        return is_heard & (scores >= (thresholds if threshold is None else threshold))
    likeliest = is_heard & (np.arange(scores.shape[1]) == scores.argmax(axis=1)[:, None])
    return likeliest if threshold is None else likeliest & (scores >= threshold)


def stretches(
    is_there: np.ndarray, is_open: np.ndarray, edges_s: np.ndarray, max_gap_s: float
) -> Sequence[tuple[int, int]]:
    """(first window, last + 1) of each run of True; open gaps of at most `max_gap_s` seconds are closed."""
    changes = np.flatnonzero(np.diff(np.concatenate([[False], is_there, [False]]).astype(np.int8)))
    firsts, ends = changes[::2], changes[1::2]
    if not len(firsts):
        return []
    taken = np.append(0, np.cumsum(~is_open))
    is_long = edges_s[firsts[1:]] - edges_s[ends[:-1]] > max_gap_s + ROUNDING_S
    apart = is_long | (taken[firsts[1:]] > taken[ends[:-1]])
    return list(
        zip(firsts[np.append(True, apart)].tolist(), ends[np.append(apart, True)].tolist(), strict=True)
    )


def check_lengths(**lengths_s: float) -> None:
    """Raises TaggerError for what is not 0 seconds or more."""
    for name, seconds in lengths_s.items():
        if not (isinstance(seconds, Real) and seconds >= 0):
            raise TaggerError(f"expected {name} of at least 0, received {seconds!r}")


def check_threshold(threshold: float | None) -> None:
    """Raises TaggerError for what is not a probability; None is one for each class."""
    if threshold is not None and not (isinstance(threshold, Real) and 0 <= threshold <= 1):
        raise TaggerError(f"expected threshold from 0 to 1, received {threshold!r}")
