"""The forest that single-label figures are compared with."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.peer_forest import accuracies, forest_labels, our_labels
from submissions.writer import write_scores
from tagging.datasets.table import DatasetError


def test_a_forest_never_sees_the_fold_that_it_labels():
    """The features tell the clip apart from every other, and nothing of its label."""
    rng = np.random.default_rng(0)
    labels, fold = rng.integers(2, size=80), np.arange(80) % 4
    features = np.eye(80)
    found = forest_labels(features, labels, fold, seed=0)
    assert (found == labels).mean() < 0.8
    separable = forest_labels(labels[:, None] + rng.normal(0, 0.1, (80, 3)), labels, fold, seed=0)
    assert (separable == labels).mean() > 0.95


def test_accuracies_by_fold_and_in_all():
    table = accuracies({"ours": np.array([1, 0, 1, 1])}, np.array([0, 0, 1, 1]))
    assert table.loc["ours"].to_dict() == {"fold 1": 0.5, "fold 2": 1.0, "all": 0.75}


def test_our_scores_are_taken_in_the_order_of_the_clips(tmp_path):
    write_scores(tmp_path / "oof.npz", ["b", "a"], ["x", "y"], np.array([[0.0, 1.0], [1.0, 0.0]]))
    clips = pd.DataFrame({"fname": ["a", "b"]})
    assert our_labels(tmp_path / "oof.npz", clips, ["x", "y"]).tolist() == [0, 1]
    with pytest.raises(DatasetError, match="the same clips"):
        our_labels(tmp_path / "oof.npz", clips[:1], ["x", "y"])
