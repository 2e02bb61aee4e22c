"""Clips dealt into folds that have the same shares of labels, one by one or in whole groups."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from tagging.datasets.table import DatasetError


def deal_clips(targets: np.ndarray, k: int, seed: int) -> list[np.ndarray]:
    """Row numbers of each of `k` folds; the same seed gives the same ones.

    scikit-multilearn's iterative stratification: Sechidis et al., "On the stratification of multi-label
    data", ECML PKDD 2011.

    Args:
        targets: multi-hot labels, shape (clips, classes).
        k: number of folds, at most the number of clips.
        seed: of the draw.
    """
    from skmultilearn.model_selection import IterativeStratification  # noqa: PLC0415  takes a second

    stratifier = IterativeStratification(n_splits=k, order=1)
    with _numpy_seed(seed):
        return [part for _, part in stratifier.split(np.zeros((len(targets), 1)), targets)]


def deal_groups(groups: np.ndarray, targets: np.ndarray, k: int, seed: int) -> list[np.ndarray]:
    """Row numbers of each of `k` folds of whole groups; the same seed gives the same ones.

    scikit-learn's StratifiedGroupKFold on each clip's rarest label.

    Args:
        groups: name of each clip's group, shape (clips,).
        targets, k, seed: as in `deal_clips`; `k` at most the number of groups.

    Raises:
        DatasetError: no label has `k` clips.
    """
    rarest = _rarest_label(targets)
    if (most := np.bincount(rarest).max()) < k:
        raise DatasetError(
            f"expected at least {k} clips of some label to deal groups into {k} folds, received {most}; add clips, "
            "ask for fewer folds, or set the share (split.validation_share, test_share or noisy_share) nearer to 0.5, "
            "or 0 to hold out none"
        )
    from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415  takes a second

    stratifier = StratifiedGroupKFold(k, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A label with fewer clips than folds cannot be in every fold, and need not be.
        warnings.filterwarnings("ignore", "The least populated class in y", UserWarning)
        return [part for _, part in stratifier.split(targets, rarest, groups)]


def own_groups(groups: Sequence[str]) -> np.ndarray:
    """Names under which clips belong together, shape (clips,); a clip of group "" is alone."""
    named = np.asarray(groups, object)
    own = np.array([f"clip {i}" for i in range(len(named))], object)
    return np.where(named == "", own, "group " + named)


def _rarest_label(targets: np.ndarray) -> np.ndarray:
    """Each clip's label with the fewest clips, as column number; the number of columns where it has none."""
    is_set = targets > 0
    count = np.where(is_set, is_set.sum(axis=0), np.inf)
    return np.where(is_set.any(axis=1), count.argmin(axis=1), targets.shape[1])


@contextmanager
def _numpy_seed(seed: int) -> Iterator[None]:
    """NumPy's global generator, the only one that scikit-multilearn listens to, seeded and then put back."""
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed % 2**32)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
