"""The peer that our figures are compared with: how it chooses C, and what is printed of it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from benchmarks.logistic_peer import C_GRID, Material, choose_c, fit_and_score
from benchmarks.peer_report import Trial, as_one, difference_table, read_ours, read_recordings, score_table
from submissions.writer import write_scores
from tagging.datasets.table import DatasetError
from tagging.evaluation.multilabel import lwlrap


def material(n=90, n_groups=3, split="curated", seed=0, wrong=0.0):
    """Three classes whose embeddings tell them apart, with a strong mark of the group as well."""
    rng = np.random.default_rng([seed, n])
    label, group = np.arange(n) % 3, np.arange(n) // 3 % n_groups
    own = np.eye(3)[label] * 2 + rng.normal(0, 1, (n, 3))
    mark = np.random.default_rng(7).normal(0, 3, (n_groups, 3, 8))[group, label]
    embeddings = np.concatenate([own, mark, rng.normal(0, 1, (n, 30))], axis=1).astype(np.float32)
    label = np.where(rng.random(n) < wrong, (label + 1) % 3, label)
    clips = pd.DataFrame(
        {
            "fname": [f"{split}{i}.wav" for i in range(n)],
            "split": split,
            "group": [f"g{g}" for g in group],
        }
    )
    return Material(clips, np.eye(3, dtype=np.float32)[label], embeddings)


def joined(*parts):
    arrays = [np.concatenate([getattr(part, key) for part in parts]) for key in ("targets", "embeddings")]
    return Material(pd.concat([part.clips for part in parts], ignore_index=True), *arrays)


def test_scores_are_those_of_one_regression_a_class():
    train, test = material(), material(30, seed=1)
    mean, deviation = train.embeddings.mean(axis=0), train.embeddings.std(axis=0)
    x, z = ((part.embeddings - mean) / deviation for part in (train, test))
    expected = [
        LogisticRegression(C=0.1, tol=1e-8).fit(x, train.targets[:, k]).decision_function(z) for k in range(3)
    ]
    np.testing.assert_allclose(fit_and_score(train, test, 0.1), np.stack(expected, axis=1), atol=2e-2)


def test_c_is_chosen_by_group():
    train = material()
    choice = choose_c(train, seed=0)
    group = train.clips["group"].to_numpy()
    by_c = []
    for c in C_GRID:
        scores = np.empty(train.targets.shape)
        for name in np.unique(group):
            held = group == name
            scores[held] = fit_and_score(train.of(~held), train.of(held), c)
        by_c.append(lwlrap(train.targets, scores))
    assert choice.lwlrap == pytest.approx(max(by_c))
    assert choice.c == C_GRID[int(np.argmax(by_c))]
    alone = Material(train.clips.assign(group=""), train.targets, train.embeddings)
    assert choose_c(alone, seed=0).lwlrap > choice.lwlrap + 0.05  # groups on both sides read too high


def test_noisy_clips_train_but_do_not_choose():
    curated, noisy = material(), material(180, split="noisy", wrong=1.0)
    both = choose_c(joined(curated, noisy), seed=0)
    assert both.lwlrap < choose_c(curated, seed=0).lwlrap  # all their labels are wrong
    with pytest.raises(DatasetError, match="expected curated clips to choose C by, received none"):
        choose_c(noisy, seed=0)


def test_clips_of_a_held_out_group_do_not_train():
    both = joined(material(), material(60, split="noisy"))
    rest = both.without(both.clips[(both.clips["group"] == "g1") & (both.clips["split"] == "curated")])
    assert set(rest.clips["group"]) == {"g0", "g2"}
    assert len(rest.targets) == len(rest.embeddings) == len(rest.clips) == 150 - 30 - 21
    ungrouped = Material(both.clips.assign(group=""), both.targets, both.embeddings)
    assert len(ungrouped.without(ungrouped.clips.head(4)).clips) == 146


TARGETS = np.eye(3)[[0, 1, 2, 0]]
PERFECT = TARGETS.copy()
FIRST_WRONG = np.array([[1, 2, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]], float)
TWO_WRONG = np.array([[1, 0, 0], [2, 1, 0], [2, 0, 1], [1, 0, 0]], float)


def test_tables():
    trial = Trial(TARGETS, list("aabb"), {"peer": TWO_WRONG}, {"ours": FIRST_WRONG})
    scores, differences = score_table({"1": trial, "2": trial}), difference_table(trial)
    assert scores.split()[:4] == ["LWLRAP", "1", "2", "mean"]
    assert "ours 0.8750 0.8750 0.8750" in scores  # LWLRAP: ranks 2, 1, 1, 1
    assert "peer 0.5000 0.5000 0.5000" in scores  # accuracy
    assert "+0.1250  ours - peer" in differences
    assert "both 1, only ours 2, only peer 1, neither 0 (McNemar, by clip: p 1)" in differences
    assert "no 95 % interval: 2 groups to draw from" in differences
    assert difference_table(as_one([trial, trial])).startswith("+0.1250")


def test_several_labels_have_no_accuracy_and_unknown_groups_are_said():
    trial = Trial(np.ones((4, 3)), [""] * 4, {"peer": TWO_WRONG}, {"ours": PERFECT})
    assert "accuracy" not in score_table({"1": trial})
    assert "right:" not in difference_table(trial)
    assert "no 95 % interval: 4 clips to draw from" in difference_table(trial)


def test_ours_is_read_in_the_asked_order(tmp_path):
    names, classes = ["a.wav", "b.wav"], ["x", "y", "z"]
    logits = np.arange(6, dtype=np.float32).reshape(2, 3)
    write_scores(tmp_path / "scores.npz", names, classes, logits)
    pd.DataFrame(logits, pd.Index(names, name="fname"), classes).to_csv(tmp_path / "submission.csv")
    for path in (tmp_path / "scores.npz", tmp_path / "submission.csv"):
        np.testing.assert_array_equal(
            read_ours(path, ["b.wav", "a.wav"], ["z", "x", "y"]), [[5, 3, 4], [2, 0, 1]]
        )
        with pytest.raises(DatasetError, match=r"expected scores of all 1 clips, received none of 'c.wav'"):
            read_ours(path, ["c.wav"], classes)


def test_recordings(tmp_path):
    path = tmp_path / "recordings.csv"
    path.write_text('fname,recordings\na.wav,"12,7"\nb.wav,7\n')
    assert read_recordings(path, ["b.wav", "a.wav"]) == ["7", "12"]
    with pytest.raises(DatasetError, match=r"received none of 'c\.wav'"):
        read_recordings(path, ["c.wav"])
