"""The benchmark of tags over time: what is glued, and how it is judged."""

import numpy as np
import pytest

from benchmarks.glued_clips import figures, glue, judge, sounds_throughout
from tagging.datasets.table import DatasetError
from tagging.inference.results import Segment

TRUTH = [Segment(0, 5, "a", 1), Segment(5, 10, "b", 1), Segment(10, 15, "c", 1)]


def test_clips_are_glued_with_their_borders():
    left, right = np.ones((20, 2)), np.zeros((30, 1))
    glued = glue(["a", "b"], [(left, 10), (right, 10)])
    np.testing.assert_array_equal(glued.samples, [1] * 20 + [0] * 30)
    assert glued.truth == [Segment(0, 2, "a", 1), Segment(2, 5, "b", 1)]
    with pytest.raises(DatasetError, match="one rate"):
        glue(["a", "b"], [(left, 10), (right, 20)])


def test_a_clip_with_a_pause_has_no_known_border():
    sound = np.random.default_rng(0).normal(size=(1000, 1))
    assert sounds_throughout(sound, 100)
    paused = sound.copy()
    paused[600:] *= 0.001
    assert not sounds_throughout(paused, 100)
    assert not sounds_throughout(sound[:5], 100)


def test_the_right_segments_are_in_order_and_near():
    found = [
        Segment(0, 2, "a", 1),
        Segment(2.5, 5.2, "a", 1),
        Segment(4.9, 9.7, "b", 1),
        Segment(11, 15, "c", 1),
    ]
    in_order, distances = judge(found, TRUTH)
    assert in_order
    assert distances == pytest.approx([0.2, 0.3, 0.1, 1.0])
    shown = figures([(in_order, distances), (True, [0.0] * 4)])
    assert shown == pytest.approx(
        {"files": 2, "in order": 1, "borders near": 7 / 8, "median s": 0.05, "all": 0.5}
    )


@pytest.mark.parametrize(
    "found",
    [
        [],
        [Segment(0, 5, "a", 1), Segment(5, 10, "c", 1)],
        [Segment(0, 5, "b", 1), Segment(5, 10, "a", 1), Segment(10, 15, "c", 1)],
        [Segment(0, 5, "a", 1), Segment(5, 10, "b", 1), Segment(7, 9, "d", 1), Segment(10, 15, "c", 1)],
    ],
)
def test_a_label_missing_too_many_or_out_of_order_is_seen(found):
    in_order, distances = judge(found, TRUTH)
    assert not in_order
    missing = {"a", "b", "c"} - {segment.label for segment in found}
    assert np.isinf(distances).sum() == sum({"a": 1, "b": 2, "c": 1}[label] for label in missing)
