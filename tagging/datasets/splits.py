"""Which clips validate, once or in folds: stratified by label, by group where groups are known, or given in a file."""

from collections.abc import Collection
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd

from foundation.words import some
from preprocessing.hashes import mixture
from tagging.datasets.csv_files import check_once, inner_name, read_by_clip, write_csv
from tagging.datasets.settings import SplitSettings
from tagging.datasets.stratified import deal_clips, deal_groups, own_groups
from tagging.datasets.table import DatasetError, composed

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

    Without groups the clips are dealt, with groups whole groups, see `stratified`. Where the data set has its own
    hold-out (`validates`), that is taken, unless the settings name a file or hold out nothing.

    Args:
        clips: rows of a clip table.
        targets: multi-hot labels (or strata), shape (clips, classes).
        settings: share to hold out (0: none), or a file that says which.
        seed: of the draw.
        left_out: names that the file may have in addition to those of the clips.

    Returns:
        bool, shape (clips,).

    Raises:
        DatasetError: too few clips or groups, or a file that does not fit the clips.
    """
    if settings.file is not None:
        return _given(Path(settings.file), clips, left_out)
    share = settings.validation_share
    if share == 0:
        return np.zeros(len(clips), bool)
    if "validates" in clips and clips["validates"].any():
        return clips["validates"].to_numpy(bool)
    return drawn(clips, targets, share, seed, "split.validation_share")


def drawn(clips: pd.DataFrame, targets: np.ndarray, share: float, seed: int, key: str) -> np.ndarray:
    """A random share of `clips`, dealt as in `hold_out`, bool (clips,); `key` is the setting that asks for it.

    Raises:
        DatasetError: too few clips or groups.
    """
    if (clips["group"] != "").any():
        return _by_group(clips, targets, share, seed, key)
    return _by_clip(targets, share, seed, key)


def folds(clips: pd.DataFrame, targets: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Which of `k` folds each clip is in, dealt as in `hold_out`; the same seed gives the same ones.

    Args:
        clips: rows of a clip table.
        targets: multi-hot labels, shape (clips, classes).
        k: number of folds, at least 2.
        seed: of the draw.

    Returns:
        int, shape (clips,), from 0 to k - 1, each at least once.

    Raises:
        DatasetError: fewer than 2 folds, or too few clips or groups for them.
    """
    if k < 2:
        raise DatasetError(f"expected at least 2 folds, received {k}")
    groups, has_groups = own_groups(list(clips["group"])), (clips["group"] != "").any()
    n_groups, name = len(set(groups)), "groups of clips" if has_groups else "clips"
    if n_groups < k:
        raise DatasetError(f"expected at least {k} {name} for {k} folds, received {n_groups}; ask for fewer")
    parts = deal_groups(groups, targets, k, seed) if has_groups else deal_clips(targets, k, seed)
    if not all(map(len, parts)):
        raise DatasetError(f"expected clips in each of {k} folds, received too few {name}; ask for fewer")
    numbers = np.empty(len(clips), int)
    for number, part in enumerate(parts):
        numbers[part] = number
    return numbers


def keep_apart(train: pd.DataFrame, validation: pd.DataFrame) -> np.ndarray:
    """Which rows of `train`, of whatever source, may be trained on with this validation set; bool, shape (train,).

    Left out are clips of a validation clip's group, and, where both tables have an `audio_hash`, clips with
    a validation clip's audio under another name.

    Raises:
        DatasetError: hashes of two kinds, which cannot be compared.
    """
    apart = ~(train["group"].isin(set(validation["group"]) - {""}))
    if "audio_hash" in train and "audio_hash" in validation:
        _check_one_kind(train, validation)
        apart &= ~train["audio_hash"].isin(set(validation["audio_hash"]) - {""})
    return apart.to_numpy(bool)


def _check_one_kind(train: pd.DataFrame, validation: pd.DataFrame) -> None:
    received = mixture({*train["audio_hash"], *validation["audio_hash"]})
    if received and len(validation):
        raise DatasetError(
            "expected hashes of one kind, to tell clips to train on from validation clips of the same audio, received "
            f"{received}: clean all clips with one version, by preprocess.py --force"
        )


def write_split(path: Path, clips: pd.DataFrame, is_validation: np.ndarray) -> None:
    """Writes the CSV `fname,part` that `read_split` reads back."""
    part = np.where(is_validation, *reversed(PARTS))
    table = pd.DataFrame({"fname": clips["fname"], "part": part})
    write_csv(path, table)


def read_split(path: Path) -> pd.Series:
    """The part, `train` or `validation`, of each clip, by file name.

    Raises:
        DatasetError: it is not such a table.
    """
    part = read_by_clip(path, "part", "restore or correct it")
    if len(wrong := part[~part.isin(PARTS)]):
        raise DatasetError(
            f"{path}: expected a part of train or validation, received {wrong.iloc[0]!r} for {some(wrong.index)}; "
            "correct it"
        )
    return part


def _share_as_folds(share: float) -> Fraction:
    """How many of how many equal folds come nearest to `share`, with as few folds as that takes."""
    most = max(10, round(1 / share), round(1 / (1 - share)))
    return Fraction(share).limit_denominator(most)


def _by_clip(targets: np.ndarray, share: float, seed: int, key: str) -> np.ndarray:
    ratio = _share_as_folds(share)
    if len(targets) < ratio.denominator:
        raise DatasetError(
            f"expected at least {ratio.denominator} clips to hold out a share of {share} and keep the rest, received "
            f"{len(targets)}; add clips, or set {key} nearer to 0.5, or 0 to hold out none"
        )
    parts = deal_clips(targets, ratio.denominator, seed)
    return _best_of(parts, ratio.numerator, targets, share, key)


def _by_group(clips: pd.DataFrame, targets: np.ndarray, share: float, seed: int, key: str) -> np.ndarray:
    groups = own_groups(list(clips["group"]))
    n_groups = len(set(groups))
    n_folds = min(_share_as_folds(share).denominator, n_groups)
    if n_groups < 2:
        raise DatasetError(
            f"expected at least 2 groups of clips to hold one out, received {n_groups}; add groups, or set {key}=0"
        )
    parts = deal_groups(groups, targets, n_folds, seed)
    n_chosen = int(np.clip(round(share * n_folds), 1, n_folds - 1))
    return _best_of(parts, n_chosen, targets, share, key)


def _best_of(
    parts: list[np.ndarray], n_chosen: int, targets: np.ndarray, share: float, key: str
) -> np.ndarray:
    """Of all runs of `n_chosen` folds, the one that takes the fewest labels out of training; then by size.

    Folds of a few clips may be empty; a run that holds out no clip, or all, is not among them.
    """

    def faults(mask: np.ndarray) -> tuple[int, float]:
        return int((targets[~mask].sum(axis=0) == 0).sum()), abs(mask.mean() - share)

    masks = np.zeros((len(parts), len(targets)), bool)
    for first in range(len(parts)):
        for number in range(first, first + n_chosen):
            masks[first, parts[number % len(parts)]] = True
    if not (possible := [mask for mask in masks if mask.any() and not mask.all()]):
        raise DatasetError(
            f"expected enough clips to hold out a share of {share} and keep the rest, received {len(targets)}; add "
            f"clips, or set {key} nearer to 0.5, or 0 to hold out none"
        )
    return min(possible, key=faults)


def _given(path: Path, clips: pd.DataFrame, left_out: Collection[str]) -> np.ndarray:
    """The hold-out of a split file, in which a clip's name may also be written as a path, `./a.wav`."""
    table = read_split(path)
    fnames = list(clips["fname"].map(composed))
    known = {*fnames, *map(composed, left_out)}
    names = [name if composed(name) in known else inner_name(name) for name in table.index]
    check_once(path, pd.Series(names))
    part = dict(zip(map(composed, names), table, strict=True))
    if wrong := [name for name in part if name not in known]:
        problem = f"clips of this data set, received also {some(wrong)}"
    elif wrong := [name for name in fnames if name not in part]:
        problem = f"a row for each clip to split, received none for {some(wrong)}"
    if wrong:
        raise DatasetError(f"{path}: expected {problem}; correct it")
    return np.array([part[name] == "validation" for name in fnames], bool)
