"""Scores over time become stretches of time with a label."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tagging.inference.errors import TaggerError
from tagging.inference.results import Segment, Tags, Timeline

A_B = np.array([[0.9, 0.1], [0.8, 0.7], [0.2, 0.6], [0.7, 0.1], [0.1, 0.2]], np.float32)


def timeline(scores: np.ndarray = A_B, task: str = "multilabel", thresholds=(0.5, 0.5)) -> Timeline:
    """Windows of 2 s every second: window i speaks for the second around i + 1."""
    starts = np.arange(len(scores), dtype=float)
    return Timeline(("a", "b"), starts, starts + 2, scores, task, np.array(thresholds))


def spans(segments: list[Segment]) -> list[tuple]:
    return [(segment.label, segment.start_s, segment.end_s) for segment in segments]


def test_a_window_speaks_for_the_time_around_its_centre_and_all_time_is_spoken_for():
    np.testing.assert_array_equal(timeline().edges_s, [0, 1.5, 2.5, 3.5, 4.5, 6])
    late = Timeline(
        ("a",), np.array([0, 1, 1.2]), np.array([2, 3, 3.2]), np.zeros((3, 1)), "multilabel", np.ones(1)
    )
    np.testing.assert_allclose(late.edges_s, [0, 1.5, 2.1, 3.2])
    short = Timeline(("a",), np.array([0.0]), np.array([0.3]), np.zeros((1, 1)), "multilabel", np.ones(1))
    np.testing.assert_array_equal(short.edges_s, [0, 0.3])


def test_neighbouring_windows_with_a_label_are_one_segment_with_their_mean_score():
    found = timeline().segments()
    assert spans(found) == [("a", 0, 2.5), ("b", 1.5, 3.5), ("a", 3.5, 4.5)]
    assert [segment.score for segment in found] == pytest.approx([0.85, 0.65, 0.7])


def test_each_class_has_its_threshold_and_one_given_is_of_all():
    assert spans(timeline(thresholds=(0.85, 0.65)).segments()) == [("a", 0, 1.5), ("b", 1.5, 2.5)]
    assert spans(timeline(thresholds=(0.85, 0.65)).segments(0.5)) == spans(timeline().segments())
    assert timeline().segments(0.95) == []


def test_a_score_at_its_threshold_counts():
    assert len(timeline(np.full((1, 2), 0.5, np.float32)).segments()) == 2


def test_short_gaps_are_closed_before_short_segments_go():
    assert spans(timeline().segments(max_gap_s=0.9)) == spans(timeline().segments())
    closed = timeline().segments(max_gap_s=1.0)
    assert spans(closed) == [("a", 0, 4.5), ("b", 1.5, 3.5)]
    assert closed[0].score == pytest.approx(A_B[:4, 0].mean())
    assert spans(timeline().segments(min_length_s=2.0)) == [("a", 0, 2.5), ("b", 1.5, 3.5)]
    assert spans(timeline().segments(min_length_s=3.0, max_gap_s=1.0)) == [("a", 0, 4.5)]


def test_limits_are_not_missed_by_the_rounding_of_seconds():
    """Every .1 s three windows with the label and three without, and every border between two samples' times."""
    starts = np.arange(0, 960_000, 1_600) / 16_000
    scores = np.tile([[1.0, 0.0]] * 3 + [[0.0, 0.0]] * 3, (100, 1)).astype(np.float32)
    found = Timeline(("a", "b"), starts, starts + 0.3, scores, "multilabel", np.full(2, 0.5))
    assert len(found.segments(min_length_s=0.3)) == 100
    assert len(found.segments(min_length_s=0.3 + 1 / 16_000)) == 1, "only the first begins before its centre"
    assert len(found.segments(max_gap_s=0.3)) == 1
    assert len(found.segments(max_gap_s=0.3 - 1 / 16_000)) == 100


def test_smooth_scores_are_the_mean_over_windows_near_enough():
    rng = np.random.default_rng(0)
    scores = rng.random((9, 2)).astype(np.float32)
    starts = np.append(np.arange(8.0), 7.3)  # the last window ends with the file
    whole = Timeline(("a", "b"), starts, starts + 2, scores, "regression", np.ones(2))
    for smooth_s in (0.5, 2.0, 3.9, 99.0):
        near = np.abs(starts[:, None] - starts) <= smooth_s / 2
        by_loop = [scores[row].mean(axis=0) for row in near]
        np.testing.assert_allclose(whole.smoothed(smooth_s).scores, by_loop, rtol=1e-6)
    assert whole.smoothed(2.0).scores.dtype == np.float32
    np.testing.assert_array_equal(whole.smoothed(0).scores, scores)
    with pytest.raises(TaggerError, match="smooth_s of at least 0, received -1"):
        whole.smoothed(-1)


def test_smoothing_takes_away_what_errs_for_a_window_and_leaves_borders():
    scores = np.array([[1, 0]] * 5 + [[0, 1]] * 5, np.float32)
    borders = spans(timeline(scores).segments())
    scores[2] = scores[2, ::-1]
    assert len(timeline(scores).segments()) == 4
    assert spans(timeline(scores).smoothed(2.0).segments()) == borders


def test_with_one_label_a_clip_the_most_likely_counts_whatever_its_score():
    assert spans(timeline(task="multiclass").segments()) == [
        ("a", 0, 2.5),
        ("b", 2.5, 3.5),
        ("a", 3.5, 4.5),
        ("b", 4.5, 6),
    ]
    assert spans(timeline(task="multiclass").segments(0.65)) == [("a", 0, 2.5), ("a", 3.5, 4.5)]


def test_with_one_label_a_clip_gaps_are_closed_only_where_nothing_is_said():
    scores = np.array([[0.9, 0.1], [0.5, 0.4], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]], np.float32)
    whole = timeline(scores, task="multiclass")
    assert spans(whole.segments(0.6)) == [("a", 0, 1.5), ("a", 2.5, 3.5), ("b", 3.5, 4.5), ("a", 4.5, 6)]
    assert spans(whole.segments(0.6, max_gap_s=1)) == [("a", 0, 3.5), ("b", 3.5, 4.5), ("a", 4.5, 6)]
    assert spans(whole.segments(max_gap_s=9)) == spans(whole.segments()), "something is said all the time"


def test_with_one_label_a_clip_segments_never_overlap():
    rng = np.random.default_rng(0)
    starts = np.arange(200.0)
    for max_gap_s in (0.0, 1.0, 3.0, 99.0):
        scores = rng.dirichlet(np.full(4, 0.5), 200).astype(np.float32)
        whole = Timeline(tuple("abcd"), starts, starts + 2, scores, "multiclass", np.full(4, 0.5))
        found = whole.segments(0.7, max_gap_s=max_gap_s)
        assert all(one.end_s <= other.start_s for one, other in pairwise(found))
        gaps = [b.start_s - a.end_s for a, b in pairwise(found) if a.label == b.label]
        assert not gaps or min(gaps) > max_gap_s, "what can be closed is"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("threshold", 2, "from 0 to 1"),
        ("threshold", -0.1, "from 0 to 1"),
        ("threshold", np.nan, "from 0 to 1"),
        ("min_length_s", -1, "of at least 0"),
        ("max_gap_s", np.nan, "of at least 0"),
    ],
)
def test_what_is_no_share_and_no_length_is_refused(name, value, words):
    for task in ("multilabel", "multiclass"):
        with pytest.raises(TaggerError, match=f"expected {name} {words}, received {value}"):
            timeline(task=task).segments(**{name: value})


def test_values_have_no_segments():
    with pytest.raises(TaggerError, match="regression"):
        timeline(task="regression").segments()


def test_the_top_is_the_highest_first_and_no_more_than_there_are():
    tags = Tags(("a", "b", "c"), np.array([0.2, 0.9, 0.2]), "multilabel", np.array([0.2, 0.95, 0.3]))
    assert tags.top(2) == [("b", 0.9), ("a", 0.2)]
    assert len(tags.top(9)) == 3


def test_the_labels_of_a_clip_are_those_that_reach_their_thresholds():
    tags = Tags(("a", "b", "c"), np.array([0.2, 0.9, 0.25]), "multilabel", np.array([0.2, 0.95, 0.2]))
    assert tags.present() == [("c", 0.25), ("a", 0.2)]
    assert tags.present(0.9) == [("b", 0.9)]
    assert replace(tags, task="multiclass").present() == [("b", 0.9)]
    assert replace(tags, task="multiclass").present(0.95) == []
    assert replace(tags, silent=True).present(0.0) == []
    with pytest.raises(TaggerError, match="regression"):
        replace(tags, task="regression").present()
    with pytest.raises(TaggerError, match="threshold from 0 to 1, received 2"):
        tags.present(2)


def test_a_repr_is_short():
    tags = Tags(tuple("abcde"), np.array([0.2, 0.9, 0.25, 0, 0]), "multilabel", np.full(5, 0.5))
    assert repr(tags) == "Tags(b 0.900, c 0.250, a 0.200, 2 more)"
    assert repr(replace(tags, silent=True)) == "Tags(silent)"
    assert repr(timeline()) == "Timeline(6 s, 5 windows, 2 scores each)"
