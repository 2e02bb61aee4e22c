"""The known answers of test clips, in the classes of the model that predicts them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from tagging.datasets.table import TEST, Dataset, as_cells


class Answers(NamedTuple):
    """Test clips and what is known of them.

    Attributes:
        clips: the test clips, in the data set's order, with the labels that the model knows.
        is_known: (clips,) bool: which have an answer. Not so a clip all of whose labels are foreign.
        targets: (clips with an answer, classes) float32, in the order of the model's classes.
        foreign: labels of test clips that the model does not know, sorted.
    """

    clips: pd.DataFrame
    is_known: np.ndarray
    targets: np.ndarray
    foreign: list[str]


def answers_for(dataset: Dataset, classes: Sequence[str]) -> Answers:
    """The answers of the test clips for a model of these classes, by name.

    Args:
        dataset: may have some of the classes only, or others as well; of regression the same, in any order.
        classes: of the model, in the order of its outputs.
    """
    clips = dataset.of(TEST)
    before = clips["labels"]
    labels = [tuple(name for name in row if name in classes) for row in before]
    is_foreign = np.array([bool(old) and not new for old, new in zip(before, labels, strict=True)], bool)
    if dataset.has_labels:
        clips = clips.assign(labels=as_cells(labels))
    else:
        order = [dataset.classes.index(name) for name in classes]
        clips = clips.assign(values=as_cells([tuple(row[k] for k in order) for row in clips["values"]]))
    ours = replace(dataset, classes=tuple(classes), clips=clips)
    is_known = ours.answered(clips) & ~is_foreign
    foreign = sorted({name for row in before for name in row} - set(classes))
    return Answers(clips, is_known, ours.targets(clips[is_known]), foreign)
