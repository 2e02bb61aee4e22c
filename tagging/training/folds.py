"""`train.py --folds K`: the stages of a config K times, each time with another fold of the checked clips held out."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from foundation.claims import claimed
from foundation.locks import waiting_lock
from foundation.marks import RUN, is_marked
from foundation.shards import Shard
from foundation.words import counted
from submissions.writer import write_scores
from tagging.config.load import ConfigError
from tagging.config.schema import Config
from tagging.datasets.holdout import read_with_test_clips
from tagging.datasets.splits import folds, write_split
from tagging.datasets.table import Dataset, DatasetError
from tagging.evaluation.bootstrap import interval_of
from tagging.evaluation.task_kinds import TaskKind
from tagging.report.text import in_words, interval_note
from tagging.runs.folds import (
    FOLDS,
    OUT_OF_FOLD,
    OutOfFold,
    fold_dir,
    out_of_fold,
    read_folds,
    stage_of_folds,
    write_folds,
)
from tagging.runs.place import make_run_dir
from tagging.runs.run import SPLIT, RunError
from tagging.training.fold_worker import train_fold
from tagging.training.train import train_stage
from tagging.training.workers import Work, work_on


def train_folds(
    config: Config,
    k: int,
    stages: Sequence[str],
    *,
    jobs: int,
    force: bool = False,
    shard: Shard | None = None,
    devices: Sequence[str] = (),
) -> Path:
    """Train these stages of each fold, or go on where that was interrupted; the folder of the folds, `run_dir`.

    Fold N is an ordinary training in `run_dir/fold-N`. Prints the metric of each fold and out of fold; after the
    config's last stage, the out-of-fold logits are written as `oof_scores.npz`.

    Args:
        config: the whole experiment.
        k: number of folds.
        stages: names, in the config's order.
        jobs: clips read in parallel.
        force: retrain from scratch, discarding finished or partial runs.
        shard: only train this part of the folds; without it, what shards have trained is put together.
        devices: if several, each fold trains on one of them, in a process of its own with its share of `jobs`.

    Raises:
        ConfigError: the config's hold-out is a file.
        DatasetError: too few clips or groups for `k` folds.
        RunError: the folder has other folds, or some failed on their devices; else as `train_stage`.
    """
    folder = Path(config.run_dir)
    dataset = read_with_test_clips(config.dataset, config.split, config.seed)
    make_run_dir(folder)
    with waiting_lock(folder / ".folds.lock"):
        configs = _fold_configs(config, dataset, k, force)
    numbered = list(enumerate(configs, 1))
    chosen = shard.of(numbered) if shard else numbered
    if len(devices) > 1 and chosen:
        _train_on(devices, chosen, stages, jobs, force)
    else:
        for fold, of_fold in chosen:
            print(f"fold {fold} of {k}")
            for stage in stages:
                train_stage(of_fold, stage, jobs=jobs, force=force)
    if shard:
        print(
            f"shard {shard} is done; once all are, the same command without --shard puts the folds together"
        )
    else:
        _gather(config, dataset, stages[-1])
    return folder


def _train_on(
    devices: Sequence[str],
    folds: Sequence[tuple[int, Config]],
    stages: Sequence[str],
    jobs: int,
    force: bool,
) -> None:
    share = max(1, jobs // min(len(devices), len(folds)))
    works = [
        Work(f"fold {fold}", train_fold, (of_fold, tuple(stages), share, force)) for fold, of_fold in folds
    ]
    if failed := work_on(devices, works):
        reasons = "; ".join(f"{label}: {reason}" for label, reason in failed.items())
        raise RunError(f"{len(failed)} of {len(works)} folds failed, the others are kept ({reasons})")


def _fold_configs(config: Config, dataset: Dataset, k: int, force: bool) -> list[Config]:
    """The config of each fold; writes which clips it holds out."""
    if config.split.file is not None:
        raise ConfigError(
            f"--folds draws its own hold-outs, received split.file={config.split.file}; leave that out"
        )
    clips, folder = dataset.of(dataset.checked), Path(config.run_dir)
    fold = folds(clips, dataset.strata(clips), k, config.seed) + 1
    new = pd.Series(fold, clips["fname"])
    _check_folds(folder, new, force)
    files = [folder / FOLDS, folder / OUT_OF_FOLD, *(fold_dir(folder, n) / SPLIT for n in range(1, k + 1))]
    outputs = {f"run_dir/{path.relative_to(folder)}": path for path in files}
    with claimed("train.py --folds", outputs, own=folder if _holds(folder, new) else None):
        write_folds(folder, list(clips["fname"]), fold)
        return [_fold_config(config, number, clips, fold == number) for number in range(1, k + 1)]


def _fold_config(config: Config, number: int, clips: pd.DataFrame, is_validation: np.ndarray) -> Config:
    folder = fold_dir(Path(config.run_dir), number)
    write_split(folder / SPLIT, clips, is_validation)
    own = {"validation_share": is_validation.mean().item(), "file": str(folder / SPLIT), "noisy_share": 0.0}
    split = replace(config.split, **own)
    return replace(config, run_dir=str(folder), split=split)


def _holds(folder: Path, new: pd.Series) -> bool:
    """Whether the folder is one of these very folds already, with runs in it."""
    has_runs = any(is_marked(path, RUN) for path in fold_dir(folder, 1).glob("*"))
    try:
        return has_runs and (folder / FOLDS).is_file() and read_folds(folder).equals(new)
    except (RunError, DatasetError):
        return False


def _check_folds(folder: Path, new: pd.Series, force: bool) -> None:
    """Refuse to mix folds that were dealt in different ways."""
    is_begun = (folder / FOLDS).is_file() and any(path.is_dir() for path in folder.glob("fold-*/*"))
    if force or not is_begun:
        return
    old = read_folds(folder)
    if not old.equals(new):
        both = [f"{each.max()} folds of {len(each)} clips" for each in (old, new)]
        raise RunError(
            f"{folder} holds {both[0]}, received {both[1]}, split differently (k, seed or clips "
            "differ); --force retrains them from scratch, another run_dir keeps both"
        )


def _gather(config: Config, dataset: Dataset, stage: str) -> None:
    """Say what a stage scores out of fold, and keep the scores if it is the last."""
    folder = Path(config.run_dir)
    member = stage_of_folds(folder, stage)
    found, kind = out_of_fold(member), member.runs[0].kind
    if stage == list(config.stages)[-1]:
        path = folder / OUT_OF_FOLD  # checked when the folds were dealt
        with claimed("train.py --folds", {f"run_dir/{OUT_OF_FOLD}": path}, own=folder):
            write_scores(path, found.fnames, dataset.classes, found.logits)
    clips = dataset.of(dataset.checked).set_index("fname", drop=False).loc[found.fnames]
    table = _table(kind, dataset.targets(clips), found, list(clips["group"]), config.seed)
    print(f"stage {stage}, out of fold\n{table}")


def _table(kind: TaskKind, targets: np.ndarray, found: OutOfFold, groups: Sequence[str], seed: int) -> str:
    """One line per fold, and one of all clips."""
    lines = []
    for fold in np.unique(found.fold):
        rows = found.fold == fold
        value, clips = kind.value(targets[rows], found.logits[rows]), counted(rows.sum(), "clip")
        lines.append(f"{fold:>12}  {kind.title} {value:.4f}   ({clips})")
    whole = interval_of(kind, targets, found.logits, groups, seed=seed)
    note = interval_note(whole.n_units, groups)
    return "\n".join([*lines, f"{'all':>12}  {kind.title} {in_words(whole)} ({note})"])
