"""The weights of an ensemble: equal, given, or fitted on out-of-fold scores."""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from foundation.words import counted, listed, some
from preprocessing.feature_settings import STORED
from submissions.ensemble import average_folds, check_weights, combine
from submissions.selection import select_weights
from tagging.config.schema import Config
from tagging.datasets import read_dataset
from tagging.datasets.table import DatasetError
from tagging.evaluation.task_kinds import TaskKind
from tagging.runs.folds import Member, out_of_fold
from tagging.runs.run import Run, RunError

T = TypeVar("T")


@dataclass(frozen=True)
class Ensemble:
    """Models whose scores become one.

    Attributes:
        members: at least one.
        method: as in `submissions.ensemble.combine`.
        weights: one a member; None: all equal.
    """

    members: tuple[Member, ...]
    method: str
    weights: Sequence[float] | None

    @property
    def runs(self) -> list[Run]:
        """All runs in it, those of folds one by one."""
        return [run for member in self.members for run in member.runs]

    @property
    def takes_features(self) -> bool:
        """Whether clips are files of ready-made features in place of audio; told by the first run."""
        return self.runs[0].config.cleaning.features.name == STORED

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, the same in all members."""
        return self.members[0].runs[0].classes

    @property
    def kind(self) -> TaskKind:
        """The kind of task, the same in all members."""
        return self.members[0].runs[0].kind

    def of_members(self, logits: Sequence[np.ndarray]) -> list[np.ndarray]:
        """One (clips, classes) matrix a run -> one a member; those of folds are averaged."""
        return [average_folds(folds, self.kind.activation) for folds in self.by_member(logits)]

    def by_member(self, of_runs: Sequence[T]) -> list[list[T]]:
        """What there is of each run -> for each member a list, of its runs."""
        rest = iter(of_runs)
        return [[next(rest) for _ in member.runs] for member in self.members]

    def combine(self, logits: Sequence[np.ndarray]) -> np.ndarray:
        """One (clips, classes) matrix a member -> scores (clips, classes) float64."""
        return combine(logits, self.kind.activation, self.method, self.weights)


def make_ensemble(config: Config, members: Sequence[Member]) -> Ensemble:
    """The ensemble that `config.ensemble` describes; weights that it fits and repeated runs are printed.

    Raises:
        RunError: runs of other classes; to fit weights: a member without folds, or with other clips.
        SubmissionError: another number of weights than members.
        DatasetError: to fit weights: clips that the data set does not have.
    """
    _check_classes(members)
    _tell_repeated(members)
    weights = _fitted(config, members) if config.ensemble.fit else config.ensemble.weights or None
    if weights:
        check_weights(weights, len(members))
    return Ensemble(tuple(members), config.ensemble.method, weights)


def _check_classes(members: Sequence[Member]) -> None:
    first, *others = [run for member in members for run in member.runs]
    for run in others:
        if (run.classes, run.task) != (first.classes, first.task):
            raise RunError(
                f"expected the same task and classes in all runs, but {run.path} and {first.path} differ"
            )


def _tell_repeated(members: Sequence[Member]) -> None:
    """A line on stderr where a run, or a folder of folds, is there more than once."""
    counts = Counter(member.path.resolve() for member in members)
    repeated = dict.fromkeys(str(member.path) for member in members if counts[member.path.resolve()] > 1)
    if repeated:
        print(f"given more than once, and counted each time: {listed([*repeated])}", file=sys.stderr)


def _fitted(config: Config, members: Sequence[Member]) -> list[float]:
    """Weights with the best metric on the checked clips, each scored by the runs that had not seen it."""
    names, logits = _common_clips(members)
    run, method = members[0].runs[0], config.ensemble.method
    kind, targets = run.kind, _targets(config, names, run.classes)
    metric, title = partial(kind.value, targets), kind.title
    weights = select_weights(logits, partial(kind.goodness, targets), kind.activation, method).tolist()
    equal, fitted = (metric(combine(logits, kind.activation, method, tried)) for tried in (None, weights))
    print(f"weights fitted on {counted(len(names), 'clip')} out of fold:")
    for member, weight, scores in zip(members, weights, logits, strict=True):
        print(f"  {weight:.2f}  {title} {metric(scores):.4f}  {member.path}")
    print(f"        {title} {equal:.4f}  plain mean")
    print(
        f"        {title} {fitted:.4f}  with these weights (slightly optimistic: on the clips they were fitted on)"
    )
    return weights


def _common_clips(members: Sequence[Member]) -> tuple[list[str], list[np.ndarray]]:
    """Names of the clips, and each member's logits in their order."""
    tables = [out_of_fold(member) for member in members]
    names = tables[0].fnames
    for member, table in zip(members, tables, strict=True):
        if differing := sorted(set(names) ^ set(table.fnames)):
            raise RunError(
                f"expected out-of-fold scores of the same clips, but {member.path} and "
                f"{members[0].path} differ: {some(differing)} only in one of them"
            )
    rows = [{name: row for row, name in enumerate(table.fnames)} for table in tables]
    return names, [
        table.logits[[row[name] for name in names]] for table, row in zip(tables, rows, strict=True)
    ]


def _targets(config: Config, names: Sequence[str], classes: tuple[str, ...]) -> np.ndarray:
    dataset = read_dataset(config.dataset)
    clips = dataset.of(dataset.checked).set_index("fname", drop=False)
    if dataset.classes != classes:
        raise RunError(f"expected the classes of {config.dataset.root} in the runs, received other classes")
    if unknown := [name for name in names if name not in clips.index]:
        raise DatasetError(
            f"expected the {dataset.checked} clips of the folds in {config.dataset.root}, "
            f"received none of {some(unknown)}"
        )
    return dataset.targets(clips.loc[list(names)])
