"""A folder of folds: `fold-1`, `fold-2` ..., each with the runs of one training. Written and read here only."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from foundation.words import listed
from submissions.writer import read_scores
from tagging.datasets.csv_files import read_by_clip, write_csv
from tagging.runs.run import SCORES, Run, RunError, latest_run, read_run

FOLDS, OUT_OF_FOLD = "folds.csv", "oof_scores.npz"
_ADVICE = "restore it, or train with --force"


@dataclass(frozen=True)
class Member:
    """One model of an ensemble.

    Attributes:
        path: a run, or a folder of folds.
        runs: the run, or that of the same stage of every fold, in the order of the folds.
    """

    path: Path
    runs: tuple[Run, ...]

    @property
    def has_folds(self) -> bool:
        """Whether its runs are folds of one training."""
        return len(self.runs) > 1

    def __str__(self) -> str:
        return f"{self.path} (mean of {len(self.runs)} folds)" if self.has_folds else str(self.path)


class OutOfFold(NamedTuple):
    """(clips,) names, (clips,) fold from 1, (clips, classes) float32 logits by the run that had not seen the clip."""

    fnames: list[str]
    fold: np.ndarray
    logits: np.ndarray


def fold_dir(folder: Path, fold: int) -> Path:
    """Where the runs of a fold are, `fold` from 1."""
    return folder / f"fold-{fold}"


def write_folds(folder: Path, fnames: Sequence[str], fold: np.ndarray) -> None:
    """Write which fold, from 1, holds out which clip."""
    table = pd.DataFrame({"fname": fnames, "fold": fold})
    write_csv(folder / FOLDS, table)


def read_folds(folder: Path) -> pd.Series:
    """The fold, from 1, of each clip, by file name.

    Raises:
        RunError: the table is none of folds.
        DatasetError: it is not a table.
    """
    fold = read_by_clip(folder / FOLDS, "fold", _ADVICE)
    if not fold.str.fullmatch(r"[1-9]\d*").all():
        raise RunError(f"{folder / FOLDS}: expected folds 1, 2 ..., received others; {_ADVICE}")
    return fold.astype(int)


def read_member(path: Path, overrides: Sequence[str] = ()) -> Member:
    """The run in this folder, or the last stage of its folds; `overrides` (`key=value`) change their configs.

    Raises:
        RunError: no finished run is there, or not all folds are finished.
    """
    if not (path / FOLDS).is_file():
        return Member(path, (read_run(path, overrides),))
    last = list(latest_run(fold_dir(path, 1)).config.stages)[-1]
    return stage_of_folds(path, last, overrides)


def stage_of_folds(folder: Path, stage: str, overrides: Sequence[str] = ()) -> Member:
    """One stage of all folds.

    Raises:
        RunError: it is not finished in all of them, or a fold is a copy of another.
    """
    paths = [fold_dir(folder, fold) / stage for fold in range(1, read_folds(folder).max() + 1)]
    if missing := [path for path in paths if not path.is_dir()]:
        verb = "is" if len(missing) == 1 else "are"
        raise RunError(
            f"expected stage {stage} in all {len(paths)} folds of {folder}, but {listed([*map(str, missing)])} "
            f"{verb} not finished; train.py --folds {len(paths)} resumes it"
        )
    runs = tuple(read_run(path, overrides) for path in paths)
    _check_different(runs)
    return Member(folder, runs)


def _check_different(runs: Sequence[Run]) -> None:
    """Refuse a run that was copied over that of another fold: its model would count twice."""
    seen: dict[str, Path] = {}
    for run in runs:
        first = seen.setdefault(json.dumps(run.info, sort_keys=True), run.path)
        if first != run.path:
            raise RunError(
                f"expected a run of each fold, but {run.path} is a copy of {first}; restore it, or remove it: "
                "the same train.py command trains it again"
            )


def latest_member(run_dir: Path, overrides: Sequence[str] = ()) -> Member:
    """Of the runs under `run_dir`, and its folds if all of them are finished, what was finished last.

    Raises:
        RunError: there is none.
    """
    readers: list[Callable[[], Member]] = [lambda: read_member(latest_run(run_dir).path, overrides)]
    if (run_dir / FOLDS).is_file():
        readers.append(lambda: read_member(run_dir, overrides))
    found, faults = [], []
    for read in readers:
        try:
            found.append(read())
        except RunError as error:
            faults.append(error)
    if not found:
        raise faults[-1]
    return max(found, key=lambda member: max(run.info["finished"] for run in member.runs))


def out_of_fold(member: Member) -> OutOfFold:
    """The validation scores of all folds as one, each clip by the run that held it out, in the order of `read_folds`.

    Clips without usable audio have none.

    Raises:
        RunError: it has no folds, or a fold was validated with other clips than the folds' table says.
    """
    if not member.has_folds:
        raise RunError(
            f"{member.path}: expected a folder of folds, received a single run; train.py --folds 5 makes one"
        )
    fold_of, parts = read_folds(member.path), []
    for fold, run in enumerate(member.runs, 1):
        scores = read_scores(run.path / SCORES)
        if not set(scores.fnames) <= set(fold_of.index[fold_of == fold]):
            raise RunError(
                f"{run.path} was validated with other clips than {member.path / FOLDS} says; "
                f"train.py --folds {len(member.runs)} --force retrains the folds from scratch"
            )
        parts.append(pd.DataFrame(scores.logits, scores.fnames))
    table = pd.concat(parts)
    fnames = [name for name in fold_of.index if name in table.index]
    return OutOfFold(fnames, fold_of[fnames].to_numpy(), table.loc[fnames].to_numpy(np.float32))
