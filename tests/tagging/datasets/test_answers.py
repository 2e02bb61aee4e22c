"""Answers of test clips in the classes of a model that has others, or the same in another order."""

import numpy as np
import pandas as pd
import pytest

from tagging.datasets.answers import answers_for
from tagging.datasets.table import Dataset, as_cells


def dataset(rows: list[tuple[str, ...]], classes: tuple[str, ...], task: str = "multilabel") -> Dataset:
    clips = pd.DataFrame({"fname": [f"{k}.wav" for k in range(len(rows))], "path": "", "group": ""})
    labels = [row if task != "regression" else () for row in rows]
    clips = clips.assign(labels=as_cells(labels), split="test")
    if task == "regression":
        clips = clips.assign(values=as_cells(rows))
    return Dataset("d", clips, classes, task, {}, None)


def test_answers_are_mapped_by_name():
    found = answers_for(dataset([("dog",), ("cat", "dog")], ("cat", "dog")), ("owl", "dog", "cat"))
    assert found.targets.tolist() == [[0, 1, 0], [0, 1, 1]]
    assert found.is_known.all()
    assert found.foreign == []


@pytest.mark.parametrize("task", ["multilabel", "multiclass"])
def test_labels_that_the_model_does_not_know_are_no_answers(task):
    found = answers_for(dataset([("dog",), ("cow",), ("ass",)], ("ass", "cow", "dog"), task), ("cat", "dog"))
    assert found.foreign == ["ass", "cow"]
    assert found.is_known.tolist() == [True, False, False]
    assert found.targets.tolist() == [[0, 1]]
    assert len(found.clips) == 3


def test_a_clip_keeps_the_labels_that_the_model_knows():
    found = answers_for(dataset([("dog", "cow"), ("cat",), ()], ("cat", "cow", "dog")), ("cat", "dog"))
    assert found.is_known.tolist() == [True, True, True]
    assert found.targets.tolist() == [[0, 1], [1, 0], [0, 0]]


def test_nothing_is_known_of_clips_without_answers():
    found = answers_for(dataset([(), ()], ("cat", "dog")), ("dog", "cat"))
    assert not found.is_known.any()
    assert found.targets.shape == (0, 2)


def test_values_are_mapped_by_the_name_of_their_target():
    rows = [(1.0, 2.0), (3.0, np.nan)]
    found = answers_for(dataset(rows, ("joy", "pace"), "regression"), ("pace", "joy"))
    assert found.targets.tolist() == [[2, 1]]
    assert found.is_known.tolist() == [True, False]
