"""What a report is made of: a run, or the folds of one training, its validation clips and their scores."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd

from submissions.writer import read_scores
from tagging.datasets.archives import is_filled
from tagging.datasets.holdout import read_with_test_clips
from tagging.datasets.table import NOISY, Dataset, DatasetError
from tagging.evaluation.calibration import Calibration, calibrate, read_calibration
from tagging.evaluation.task_kinds import TaskKind
from tagging.report.html import Html, element
from tagging.runs.folds import Member, out_of_fold, read_member
from tagging.runs.run import NOISY_SPLIT, SCORES, Run


@dataclass(frozen=True)
class Evaluation:
    """Validation clips and what was predicted for them.

    Attributes:
        clips: rows of the clip table, with raw `path`s.
        targets, logits: (clips, classes).
        fold: of each clip, from 1; None: there are no folds.
        calibration: None for regression.
    """

    clips: pd.DataFrame
    targets: np.ndarray
    logits: np.ndarray
    fold: np.ndarray | None
    calibration: Calibration | None

    @property
    def fnames(self) -> list[str]:
        """Names of the clips."""
        return list(self.clips["fname"])


@dataclass(frozen=True)
class Material:
    """All that a report shows.

    Attributes:
        member: the run, or the runs of all folds.
        dataset: None: it cannot be read here, or is another one by now.
        evaluation: None: nothing was held out, or there is no data set to know the answers from.
        notes: what is not shown and why, one line each.
        tables: name of the folder of tables, which is next to the page.
    """

    member: Member
    dataset: Dataset | None
    evaluation: Evaluation | None
    notes: tuple[str, ...]
    tables: str

    @property
    def run(self) -> Run:
        """The run, or that of the first fold."""
        return self.member.runs[0]

    @property
    def kind(self) -> TaskKind:
        """The kind of task."""
        return self.run.kind

    @property
    def path(self) -> Path:
        """The folder of the run or of the folds."""
        return self.member.path

    def csv(self, name: str) -> Html:
        """A link to a table."""
        return element("a", f"{name}.csv", href=quote(os.fsencode(f"{self.tables}/{name}.csv")))


def read_material(path: Path, tables: str) -> Material:
    """A run folder, or a folder of folds; what else cannot be read is noted. `tables` is as in `Material`.

    Raises:
        RunError: no finished run is there, or not all folds are finished.
        SubmissionError, CalibrationError: a damaged file.
    """
    member = read_member(path)
    run = member.runs[0]
    dataset, notes = _dataset(run)
    if not (member.has_folds or (run.path / SCORES).is_file()):
        more = "No clips were held out, so there are no scores."
        return Material(member, dataset, None, (*notes, more), tables)
    if dataset is None:
        return Material(member, None, None, notes, tables)
    evaluation, why_not = _evaluation(member, dataset)
    return Material(member, dataset, evaluation, (*notes, *why_not), tables)


def _dataset(run: Run) -> tuple[Dataset | None, tuple[str, ...]]:
    root, why = run.config.dataset.root, "The data set cannot be read here, so its clips are not shown"
    try:
        if not is_filled(Path(root)):  # some readers would fill it
            hint = "write the report where the run was trained"
            return None, (f"{why}: expected it in {root}, received no such folder or an empty one; {hint}.",)
        dataset = read_with_test_clips(run.config.dataset, run.config.split, run.config.seed)
    except (DatasetError, OSError) as error:
        return None, (f"{why}: {error}.",)
    if dataset.classes != run.classes or dataset.task != run.task:
        return None, (f"The data set in {root} has changed since, so its clips are not shown.",)
    return dataset, ()


def _evaluation(member: Member, dataset: Dataset) -> tuple[Evaluation | None, tuple[str, ...]]:
    fnames, fold, logits = _scores(member)
    is_noisy = not member.has_folds and (member.path / NOISY_SPLIT).is_file()
    is_known = dataset.clips["split"] == (NOISY if is_noisy else dataset.checked)
    known = dataset.clips[is_known].set_index("fname", drop=False)
    if strange := [name for name in fnames if name not in known.index]:
        return None, (f"{len(strange)} validation clips are no longer in the data set ({strange[0]} first).",)
    clips = known.loc[list(fnames)].reset_index(drop=True)
    evaluation = Evaluation(clips, dataset.targets(clips), np.asarray(logits, np.float64), fold, None)
    run = member.runs[0]
    stored = None if member.has_folds else read_calibration(run.path)
    calibration = stored or calibrate(run.kind, evaluation.targets, evaluation.logits, run.classes)
    note = "Noisy clips validate this stage (split.noisy_share): their labels may be wrong, and the scores with them."
    return replace(evaluation, calibration=calibration), (note,) if is_noisy else ()


def _scores(member: Member) -> tuple[Sequence[str], np.ndarray | None, np.ndarray]:
    """Names, folds and logits of the clips that the runs had not seen."""
    if member.has_folds:
        found = out_of_fold(member)
        return found.fnames, found.fold, found.logits
    scores = read_scores(member.runs[0].path / SCORES)
    return scores.fnames, None, scores.logits
