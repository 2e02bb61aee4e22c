"""What is said of known answers, figure by figure."""

import numpy as np
import pytest

from tagging.bootstrap import Interval, lwlrap_difference, lwlrap_interval
from tagging.reporting import in_words, score_report, window_report


@pytest.fixture
def data():
    rng = np.random.default_rng(2)
    targets = np.eye(5)[rng.integers(5, size=60)]
    one = targets + rng.normal(size=targets.shape)
    return targets, 0.5 * targets + one, one


def test_an_interval_in_words():
    assert in_words(Interval(0.70114, 0.68, 0.72106, 9)) == "0.7011 [0.6800, 0.7211]"
    assert in_words(Interval(-0.01, -0.02, 0.03, 9), "+") == "-0.0100 [-0.0200, +0.0300]"


@pytest.mark.parametrize("groups", [[""] * 60, [str(i // 4) for i in range(60)]])
def test_windows_are_compared_in_pairs(data, groups):
    targets, every, one = data
    lines = window_report(targets, {"a run": (every, one), "same": (one, one)}, groups, seed=3).splitlines()
    gain = lwlrap_difference(targets, every, one, groups, seed=3)
    parts = [in_words(lwlrap_interval(targets, each, groups, seed=3)) for each in (one, every)]
    assert " ".join(lines[1].split()) == " ".join(["a run", *parts, in_words(gain, "+")])
    assert gain.low > 0
    assert lines[2].endswith("+0.0000 [+0.0000, +0.0000]")
    assert lines[3].endswith("over 15 groups" if groups[0] else "over 60 clips")


def test_public_and_private_clips_are_told_apart(data):
    targets, scores, _ = data
    names = [f"{i}.wav" for i in range(60)]
    usage = {name: "Public" if i < 20 else "Private" for i, name in enumerate(names)}
    report = score_report(targets, scores, names, list("abcde"), usage)
    assert [line.split()[0] for line in report.splitlines()[-3:]] == ["all", "private", "public"]
    assert "(20 clips)" in report
    assert [line.split()[0] for line in report.splitlines()[1:6]] == list("abcde")
