"""Which clips validate: stratified by label, by group where groups are known, or given in a file."""

import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold
from skmultilearn.model_selection import IterativeStratification

from tagging.datasets.csv_files import read_csv, some
from tagging.datasets.settings import SplitSettings
from tagging.datasets.table import DatasetError

PARTS = ("train", "validation")


def hold_out(
    clips: pd.DataFrame,
    targets: np.ndarray,
    settings: SplitSettings,
    seed: int,
    *,
    left_out: Collection[str] = (),
) -> np.ndarray:
    """Which of `clips` validate; the same seed gives the same ones.

    Without groups, the clips are dealt by scikit-multilearn's iterative stratification (Sechidis et al.,
    "On the stratification of multi-label data", 2011). With groups, whole groups are dealt by
    scikit-learn's StratifiedGroupKFold on each clip's rarest label; a clip of group "" is its own group.

    Args:
        clips: rows of a clip table.
        targets: multi-hot labels, shape (clips, classes).
        settings: share to hold out (0: none), or a file that says which.
        seed: of the draw.
        left_out: names that the file may have beside those of the clips.

    Returns:
        bool, shape (clips,).

    Raises:
        DatasetError: a share outside [0, 1), too few clips or groups, or a file that does not fit the clips.
    """
    if settings.file is not None:
        return _read_split(Path(settings.file), clips, left_out)
    share = settings.validation_share
    if not 0 <= share < 1:
        raise DatasetError(f"expected split.validation_share from 0 to below 1, received {share}")
    if share == 0:
        return np.zeros(len(clips), bool)
    if (clips["group"] != "").any():
        return _by_group(clips, targets, share, seed)
    return _by_clip(targets, share, seed)


def keep_apart(train: pd.DataFrame, validation: pd.DataFrame) -> np.ndarray:
    """Which rows of `train`, of whatever source, may train beside this validation set; bool, shape (train,).

    Left out are clips of a validation clip's group, and, where both tables have an `audio_hash`, clips with
    a validation clip's audio under another name.
    """
    apart = ~(train["group"].isin(set(validation["group"]) - {""}))
    if "audio_hash" in train and "audio_hash" in validation:
        apart &= ~train["audio_hash"].isin(set(validation["audio_hash"]) - {""})
    return apart.to_numpy(bool)


def write_split(path: Path, clips: pd.DataFrame, is_validation: np.ndarray) -> None:
    """Writes the CSV `fname,part` that `SplitSettings.file` reads back."""
    part = np.where(is_validation, *reversed(PARTS))
    pd.DataFrame({"fname": clips["fname"], "part": part}).to_csv(path, index=False, lineterminator="\n")


def _folds(share: float) -> Fraction:
    """How many of how many equal folds come nearest to `share`, with as few folds as that takes."""
    most = max(10, round(1 / share), round(1 / (1 - share)))
    return Fraction(share).limit_denominator(most)


def _by_clip(targets: np.ndarray, share: float, seed: int) -> np.ndarray:
    folds = _folds(share)
    if len(targets) < folds.denominator:
        raise DatasetError(
            f"expected at least {folds.denominator} clips to hold out a share of {share}, "
            f"received {len(targets)}; add clips or set split.validation_share=0"
        )
    stratifier = IterativeStratification(n_splits=folds.denominator, order=1)
    with _numpy_seed(seed):
        parts = [validation for _, validation in stratifier.split(np.zeros((len(targets), 1)), targets)]
    return _best_of(parts, folds.numerator, targets, share)


def _by_group(clips: pd.DataFrame, targets: np.ndarray, share: float, seed: int) -> np.ndarray:
    own = np.array([f"clip {i}" for i in range(len(clips))], object)
    groups = np.where(clips["group"] == "", own, "group " + clips["group"].to_numpy(object))
    n_groups = len(set(groups))
    n_folds = min(_folds(share).denominator, n_groups)
    if n_groups < 2:
        raise DatasetError(
            f"expected at least 2 groups of clips to hold one out, received {n_groups}; "
            "add groups, or set split.validation_share=0"
        )
    rarest = _rarest_label(targets)
    if np.bincount(rarest).max() < n_folds:
        raise DatasetError(
            f"expected at least {n_folds} clips of some label to hold out groups, received too few clips; "
            "add clips, or set split.validation_share=0"
        )
    stratifier = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A label with fewer clips than folds cannot be in every fold, and need not be.
        warnings.filterwarnings("ignore", "The least populated class in y", UserWarning)
        parts = [validation for _, validation in stratifier.split(targets, rarest, groups)]
    n_chosen = int(np.clip(round(share * n_folds), 1, n_folds - 1))
    return _best_of(parts, n_chosen, targets, share)


def _rarest_label(targets: np.ndarray) -> np.ndarray:
    """Each clip's label with the fewest clips, as column number; the number of columns where it has none."""
    is_set = targets > 0
    count = np.where(is_set, is_set.sum(axis=0), np.inf)
    return np.where(is_set.any(axis=1), count.argmin(axis=1), targets.shape[1])


def _best_of(parts: list[np.ndarray], n_chosen: int, targets: np.ndarray, share: float) -> np.ndarray:
    """Of all runs of `n_chosen` folds, the one that takes the fewest labels out of training; then by size."""

    def faults(mask: np.ndarray) -> tuple[int, float]:
        return int((targets[~mask].sum(axis=0) == 0).sum()), abs(mask.mean() - share)

    masks = np.zeros((len(parts), len(targets)), bool)
    for first in range(len(parts)):
        for number in range(first, first + n_chosen):
            masks[first, parts[number % len(parts)]] = True
    return min(masks, key=faults)


@contextmanager
def _numpy_seed(seed: int) -> Iterator[None]:
    """NumPy's global generator, the only one that scikit-multilearn listens to, seeded and then put back."""
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed % 2**32)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002


def _read_split(path: Path, clips: pd.DataFrame, left_out: Collection[str]) -> np.ndarray:
    table = read_csv(path, ["fname", "part"])
    part = dict(zip(table["fname"], table["part"], strict=True))
    fnames = list(clips["fname"])
    known = {*fnames, *left_out}
    if wrong := [name for name in part if part[name] not in PARTS]:
        problem = f"a part of train or validation, received {part[wrong[0]]!r} for {some(wrong)}"
    elif wrong := [name for name in part if name not in known]:
        problem = f"clips of this data set, received also {some(wrong)}"
    elif wrong := [name for name in fnames if name not in part]:
        problem = f"a row for each clip to split, received none for {some(wrong)}"
    if wrong:
        raise DatasetError(f"{path}: expected {problem}; correct it")
    return np.array([part[name] == "validation" for name in fnames], bool)
