"""One-vs-rest logistic regression on embeddings, its C chosen by cross-validation on the training clips."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from tagging.datasets.splits import folds, keep_apart
from tagging.datasets.table import DatasetError
from tagging.evaluation.multilabel import lwlrap

CHECKED = "curated"  # the split whose labels people checked
C_GRID = tuple(10.0 ** (half / 2) for half in range(-8, 1))
"""1e-4 to 1, two a decade."""
MOST_FOLDS = 5


@dataclass(frozen=True)
class Material:
    """Clips as numbers.

    Attributes:
        clips: rows of a clip table.
        targets: multi-hot labels, (clips, classes).
        embeddings: (clips, features) float32.
    """

    clips: pd.DataFrame
    targets: np.ndarray
    embeddings: np.ndarray

    def of(self, rows: np.ndarray) -> "Material":
        """Some of the clips; `rows` are numbers, or bool (clips,)."""
        return Material(self.clips.iloc[rows], self.targets[rows], self.embeddings[rows])

    def from_splits(self, names: list[str]) -> "Material":
        """The clips of these splits."""
        return self.of(self.clips["split"].isin(names).to_numpy(bool))

    def without(self, held: pd.DataFrame) -> "Material":
        """What may be trained on with these clips held out: neither they nor others of their groups."""
        is_held = self.clips["split"].isin(set(held["split"])) & self.clips["fname"].isin(set(held["fname"]))
        return self.of(keep_apart(self.clips, held) & ~is_held.to_numpy(bool))


class Choice(NamedTuple):
    """A value of C, and the LWLRAP that it had on the checked clips out of fold."""

    c: float
    lwlrap: float


def choose_c(train: Material, seed: int) -> Choice:
    """The C of `C_GRID` with the highest LWLRAP on the checked clips of `train`, scored without their groups.

    Clips of other splits train in every fold but those that share a group with the held-out clips: their labels
    are too often wrong to choose by.

    Raises:
        DatasetError: no checked clips, or too few of them or of their groups for two folds.
    """
    checked = train.from_splits([CHECKED])
    if checked.clips.empty:
        raise DatasetError(f"expected {CHECKED} clips to choose C by, received none; add them to --sources")
    k = min(MOST_FOLDS, _count_groups(checked.clips))
    fold = folds(checked.clips, checked.targets, k, seed)
    found = []
    for c in C_GRID:
        scores = np.empty(checked.targets.shape)
        for number in range(k):
            held = checked.of(fold == number)
            scores[fold == number] = fit_and_score(train.without(held.clips), held, c)
        found.append(Choice(c, lwlrap(checked.targets, scores)))
    return max(found, key=lambda choice: choice.lwlrap)  # of equal ones the smallest C


def fit_and_score(train: Material, test: Material, c: float) -> np.ndarray:
    """Logits of `test`, (clips, classes), by a regression on standardised embeddings of `train`."""
    one_vs_rest = OneVsRestClassifier(LogisticRegression(C=c, max_iter=5000))
    model = make_pipeline(StandardScaler(), one_vs_rest)
    with threadpool_limits(1):  # so small products are slower on many threads, on a busy machine 20 times
        return model.fit(train.embeddings, train.targets).decision_function(test.embeddings)


def _count_groups(clips: pd.DataFrame) -> int:
    """How many things can be held out one by one: groups, or clips where there are none."""
    known = clips["group"][clips["group"] != ""]
    return known.nunique() + int((clips["group"] == "").sum())
