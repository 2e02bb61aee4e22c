"""The clip table: which split is checked, whose answers are known, what a split spreads evenly."""

import numpy as np
import pandas as pd

from tagging.datasets.table import Dataset


def dataset(task: str, split: str = "train", **columns) -> Dataset:
    clips = pd.DataFrame({"fname": list("abcd"), "split": split, **columns})
    return Dataset("d", clips, ("x", "y"), task, {}, None)


def test_the_checked_split_is_train_or_curated():
    assert dataset("multiclass").checked == "train"
    assert dataset("multilabel", "curated").checked == "curated"


def test_answers_are_known_clip_by_clip_but_for_several_labels():
    labels = [("x",), (), ("y",), ()]
    assert dataset("multiclass", labels=labels).answered(
        dataset("multiclass", labels=labels).clips
    ).tolist() == [
        *(True, False),
        *(True, False),
    ]
    several = dataset("multilabel", labels=labels)
    assert several.answered(several.clips).all()
    unknown = dataset("multilabel", labels=[()] * 4)
    assert not unknown.answered(unknown.clips).any()
    numbers = dataset("regression", values=[(0.0, 1.0), (0.0, np.nan), (1.0, 1.0), (np.nan, np.nan)])
    assert numbers.answered(numbers.clips).tolist() == [True, False, True, False]


def test_numbers_are_spread_by_quarters():
    numbers = dataset("regression", values=[(0.0, 9.0), (1.0, 8.0), (2.0, 7.0), (3.0, 6.0)])
    np.testing.assert_array_equal(numbers.targets(numbers.clips)[:, 1], [9, 8, 7, 6])
    strata = numbers.strata(numbers.clips)
    assert strata.shape == (4, 8)
    assert strata[:, :4].argmax(axis=1).tolist() == [0, 1, 2, 3]
    assert strata[:, 4:].argmax(axis=1).tolist() == [3, 2, 1, 0]
    np.testing.assert_array_equal(strata.sum(axis=1), 2)
