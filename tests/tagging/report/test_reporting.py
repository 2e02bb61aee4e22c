"""What is said of known answers, figure by figure."""

import numpy as np
import pytest

from tagging.evaluation.bootstrap import Interval, interval_of, interval_of_difference
from tagging.evaluation.checks import EvaluationError
from tagging.evaluation.task_kinds import KINDS
from tagging.report.text import by_usage, in_words, interval_note, score_report, window_report

LABELS = KINDS["multilabel"]


@pytest.fixture
def data():
    rng = np.random.default_rng(2)
    targets = np.eye(5)[rng.integers(5, size=60)]
    one = targets + rng.normal(size=targets.shape)
    return targets, 0.5 * targets + one, one


def test_an_interval_in_words():
    assert in_words(Interval(0.70114, 0.68, 0.72106, 9)) == "0.7011 [0.6800, 0.7211]"
    assert in_words(Interval(-0.01, -0.02, 0.03, 9), "+") == "-0.0100 [-0.0200, +0.0300]"
    assert in_words(Interval(0.70114, np.nan, np.nan, 1)) == "0.7011"
    assert interval_note(1, ["tape"]) == ("no 95 % interval: 1 group to draw from, and at least 5 are needed")
    assert interval_note(4, [""] * 4).startswith("no 95 % interval: 4 clips")
    assert interval_note(5, ["tape"]) == "in brackets: 95 % bootstrap interval over 5 groups"


@pytest.mark.parametrize("groups", [[""] * 60, [str(i // 4) for i in range(60)]])
def test_windows_are_compared_in_pairs(data, groups):
    targets, every, one = data
    lines = window_report(
        LABELS, targets, {"a run": (every, one), "same": (one, one)}, groups, seed=3
    ).splitlines()
    gain = interval_of_difference(LABELS, targets, every, one, groups, seed=3)
    parts = [in_words(interval_of(LABELS, targets, each, groups, seed=3)) for each in (one, every)]
    assert " ".join(lines[1].split()) == " ".join(["a run", *parts, in_words(gain, "+")])
    assert gain.low > 0
    assert lines[2].endswith("+0.0000 [+0.0000, +0.0000]")
    assert lines[3].endswith("over 15 groups" if groups[0] else "over 60 clips")


def test_public_and_private_clips_are_told_apart(data):
    targets, scores, _ = data
    names = [f"{i}.wav" for i in range(60)]
    usage = {name: "Public" if i < 20 else "Private" for i, name in enumerate(names)}
    table = LABELS.table(targets, scores, list("abcde"))
    report = score_report(LABELS, table, by_usage(LABELS, targets, scores, names, usage))
    *_, first, second, third, note = report.splitlines()
    assert [line.split()[0] for line in (first, second, third)] == ["all", "private", "public"]
    assert "private clips decide Kaggle's final ranking" in note
    assert "(20 clips)" in report
    assert [line.split()[0] for line in report.splitlines()[1:6]] == list("abcde")


def test_with_one_label_per_clip_the_averages_over_classes_are_printed():
    targets, kind = np.eye(3)[[0, 0, 1, 2]], KINDS["multiclass"]
    scores = np.eye(3)[[0, 1, 1, 1]]
    table, reports = (
        kind.table(targets, scores, list("abc")),
        by_usage(kind, targets, scores, list("wxyz"), {}),
    )
    report = score_report(kind, table, reports)
    assert "Kaggle" not in report, "there is nothing but all clips"
    lines = [line.split() for line in report.splitlines()]
    assert ["precision", "recall", "F1"] in lines
    assert [
        "macro",
        "0.4444",
        "0.5000",
        "0.3889",
    ] in lines  # precision (1 + 1/3 + 0) / 3, recall (1/2 + 1 + 0) / 3
    assert ["micro", "0.5000", "0.5000", "0.5000"] in lines
    assert ["weighted", "0.5833", "0.5000", "0.4583"] in lines


def test_by_usage_splits_the_clips(data):
    targets, scores, _ = data
    fnames = [f"{i}.wav" for i in range(60)]
    usage = {fname: "Public" if i % 3 == 0 else "Private" for i, fname in enumerate(fnames)}
    reports = by_usage(LABELS, targets, scores, fnames, usage)
    assert list(reports) == ["all", "private", "public"]
    assert reports["all"] == LABELS.report(targets, scores)
    assert reports["public"] == LABELS.report(targets[::3], scores[::3])
    assert reports["private"]["clips"] == 40


def test_by_usage_without_usages_is_all(data):
    assert list(by_usage(LABELS, *data[:2], fnames=["a"] * 60, usage={})) == ["all"]


def test_a_clip_without_usage_is_named(data):
    fnames = [f"{i}.wav" for i in range(60)]
    with pytest.raises(EvaluationError, match=r"none for 1: \['7.wav'\]"):
        by_usage(
            LABELS, *data[:2], fnames=fnames, usage={fname: "Public" for fname in fnames if fname != "7.wav"}
        )
