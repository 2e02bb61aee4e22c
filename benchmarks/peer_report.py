"""What the peer benchmark prints: scores of peers and of ours on the same clips, side by side and in pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from foundation.words import some
from submissions.writer import read_scores
from tagging.datasets.csv_files import read_csv
from tagging.datasets.table import DatasetError
from tagging.evaluation.bootstrap import interval_of_difference
from tagging.evaluation.multilabel import lwlrap
from tagging.evaluation.task_kinds import KINDS
from tagging.report.text import in_words, interval_note


@dataclass(frozen=True)
class Trial:
    """Scores of several models on the same clips.

    Attributes:
        targets: (clips, classes), 0 or 1.
        groups: of each clip, what the bootstrap draws; "" where it is not known.
        peers, ours: name -> scores, (clips, classes).
    """

    targets: np.ndarray
    groups: list[str]
    peers: dict[str, np.ndarray]
    ours: dict[str, np.ndarray]

    @property
    def models(self) -> dict[str, np.ndarray]:
        """All of them."""
        return {**self.peers, **self.ours}

    @property
    def is_single_label(self) -> bool:
        """Whether accuracy means something."""
        return bool((self.targets.sum(axis=1) == 1).all())


def as_one(trials: Sequence[Trial]) -> Trial:
    """The clips of all of them."""

    def joined(parts: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    return Trial(
        np.concatenate([trial.targets for trial in trials]),
        [group for trial in trials for group in trial.groups],
        joined([trial.peers for trial in trials]),
        joined([trial.ours for trial in trials]),
    )


def read_ours(path: Path, fnames: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """Scores of a submission (.csv) or of a scores file (.npz), in the order of these clips and classes.

    Raises:
        DatasetError: a clip or class that it does not have.
        SubmissionError: a broken scores file.
    """
    if path.suffix == ".npz":
        scores = read_scores(path)
        table = pd.DataFrame(scores.logits, scores.fnames, scores.classes)
    else:
        table = read_csv(path, ["fname", *classes]).set_index("fname")[list(classes)].astype(float)
    for kind, wanted, known in (("clips", fnames, table.index), ("classes", classes, table.columns)):
        if missing := [name for name in wanted if name not in known]:
            raise DatasetError(
                f"{path}: expected scores of all {len(wanted)} {kind}, received none of {some(missing)}"
            )
    return table.loc[list(fnames), list(classes)].to_numpy()


def read_recordings(path: Path, fnames: Sequence[str]) -> list[str]:
    """The recording of each clip's first label.

    Of clips with several recordings the others are left out of the grouping: giving each label's precision to its own
    recording, or drawing clips by any recording they share, moves the standard error by a tenth.
    """
    table = read_csv(path, ["fname", "recordings"]).set_index("fname")["recordings"]
    if missing := [name for name in fnames if name not in table.index]:
        raise DatasetError(f"{path}: expected recordings of all test clips, received none of {some(missing)}")
    return [table[name].split(",")[0] for name in fnames]


def score_table(trials: Mapping[str, Trial]) -> str:
    """LWLRAP of each model, and accuracy where a clip has one label; one column per trial, and their mean."""
    columns = {
        name: {model: lwlrap(t.targets, s) for model, s in t.models.items()} for name, t in trials.items()
    }
    tables = [_with_mean("LWLRAP", columns)]
    if all(trial.is_single_label for trial in trials.values()):
        rights = {
            name: {m: _is_right(t, s).mean() for m, s in t.models.items()} for name, t in trials.items()
        }
        tables.append(_with_mean("accuracy", rights))
    return "\n\n".join(tables)


def difference_table(trial: Trial) -> str:
    """Ours minus each peer with its interval; with one label a clip also counts of clips right and wrong."""
    lines = []
    for name, ours in trial.ours.items():
        for peer, theirs in trial.peers.items():
            difference = interval_of_difference(
                KINDS["multilabel"], trial.targets, ours, theirs, trial.groups
            )
            lines.append(f"{in_words(difference, sign='+')}  {name} - {peer}")
            if trial.is_single_label:
                lines.append("    " + paired_counts(_is_right(trial, ours), _is_right(trial, theirs)))
    return "\n".join([*lines, interval_note(difference.n_units, trial.groups)])


def _with_mean(figure: str, columns: Mapping[str, Mapping[str, float]]) -> str:
    table = pd.DataFrame(columns)
    if len(columns) > 1:
        table = table.assign(mean=table.mean(axis=1))
    return f"{figure}\n{table.to_string(float_format='%.4f')}"


def _is_right(trial: Trial, scores: np.ndarray) -> np.ndarray:
    return trial.targets[np.arange(len(scores)), scores.argmax(axis=1)] == 1


def paired_counts(ours: np.ndarray, theirs: np.ndarray) -> str:
    """Exact McNemar test: of the clips that one alone has right, either has each with probability 1/2."""
    alone, other = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    p = binomtest(alone, alone + other).pvalue if alone + other else 1.0
    both, neither = int((ours & theirs).sum()), int((~ours & ~theirs).sum())
    return f"right: both {both}, only ours {alone}, only peer {other}, neither {neither} (McNemar, by clip: p {p:.2g})"
