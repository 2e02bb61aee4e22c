"""Streams against the timeline of the whole sound."""

import tracemalloc
from functools import partial

import numpy as np
import pytest

from preprocessing.errors import DecodeError
from tagging import Tagger
from tagging.config.load import load_config
from tagging.inference.closing import OpenSegments
from tagging.inference.errors import TaggerError
from tagging.inference.results import Segment, Timeline
from tests.tagger_helpers import untrained_run

pytestmark = pytest.mark.usefixtures("eagerly")

RNG = np.random.default_rng(0)
OPTIONS = {"threshold": 0.45, "min_length_s": 0.3, "max_gap_s": 0.6}


def sound(rate_hz: int, seconds: float = 6.3, channels: int = 1) -> np.ndarray:
    """Noise and tones in turn with pauses, (frames, channels) float32."""
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = 0.3 * np.sin(2 * np.pi * (300 + 900 * (time_s // 1.1))[:, None] * time_s[:, None])
    noise = RNG.normal(0, 0.1, (len(time_s), channels)) * (time_s % 2 < 1)[:, None]
    return ((tone + noise) * (time_s % 3 < 2.5)[:, None]).astype(np.float32)


def in_chunks(samples: np.ndarray, count: int = 12) -> list[np.ndarray]:
    """At random places, some of them empty or a frame long."""
    cuts = np.sort([0, 1, *RNG.integers(0, len(samples), count - 3), len(samples)])
    return np.split(samples, cuts)


def heard(stream, chunks) -> tuple[list, list[Segment]]:
    found = [*map(stream.push, chunks), stream.close()]
    return [w for part in found for w in part.windows], [s for part in found for s in part.segments]


def ordered(segments: list[Segment]) -> list[tuple]:
    return sorted((s.start_s, s.label, s.end_s) for s in segments)


def scores(segments: list[Segment]) -> list[float]:
    return [s.score for s in sorted(segments, key=lambda s: (s.start_s, s.label))]


def check(tagger, samples, rate_hz, window_s=None, hop_s=None) -> None:
    whole = tagger.timeline(samples, rate_hz, window_s=window_s, hop_s=hop_s)
    stream = tagger.stream(rate_hz, window_s=window_s, hop_s=hop_s, **OPTIONS)
    windows, segments = heard(stream, in_chunks(samples))
    assert [w.start_s for w in windows] == whole.starts_s.tolist()
    assert [w.end_s for w in windows] == whole.ends_s.tolist()
    assert [w.tags.silent for w in windows] == whole.is_silent.tolist()
    np.testing.assert_allclose([w.tags.scores for w in windows], whole.scores, atol=1e-6)
    expected = whole.segments(**OPTIONS)
    assert ordered(segments) == ordered(expected)
    np.testing.assert_allclose(scores(segments), scores(expected), atol=1e-6)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
def test_a_stream_is_the_timeline_of_the_whole(tagger, rate_hz):
    check(tagger, sound(rate_hz), rate_hz)
    check(tagger, sound(rate_hz, channels=2), rate_hz, window_s=0.5, hop_s=0.1)


def test_of_int16_of_short_sounds_and_of_sampled_ones_too(tagger):
    check(tagger, (sound(16_000)[:, 0] * 32_767).astype(np.int16), 16_000)
    check(tagger, sound(44_100, 0.2), 44_100)
    check(tagger, sound(16_000), 16_000, window_s=0.25, hop_s=0.7)


def test_one_label_a_clip_and_values(noisy, tmp_path):
    for task in ("multiclass", "regression"):
        path = untrained_run(tmp_path / task, load_config(noisy[0] / "tiny.yaml"), tuple("abc"), task)
        tagger, samples = Tagger.load(path), sound(16_000)
        whole = tagger.timeline(samples, 16_000)
        windows, segments = heard(tagger.stream(16_000), in_chunks(samples))
        np.testing.assert_allclose([w.tags.scores for w in windows], whole.scores, atol=1e-6)
        assert ordered(segments) == ([] if task == "regression" else ordered(whole.segments()))


def test_windows_and_segments_come_as_soon_as_they_are_complete(tagger):
    stream = tagger.stream(16_000, window_s=0.5, hop_s=0.5, threshold=0.0)
    assert stream.push(sound(16_000, 0.5)) == ([], [])  # it might be the last
    assert [w.start_s for w in stream.push(sound(16_000, 0.1)).windows] == [0.0]
    parts = [stream.push(np.zeros((8_000, 1), np.float32)) for _ in range(3)]
    assert [len(part.windows) for part in parts] == [1, 1, 1]
    assert {s.end_s for part in parts for s in part.segments} == {1.0}
    assert stream.close().segments == []


@pytest.mark.parametrize("task", ["multilabel", "multiclass"])
@pytest.mark.parametrize("max_gap_s", [0.0, 1.0, 2.5])
def test_random_timelines_have_the_same_segments_part_by_part(task, max_gap_s):
    for n_windows in (1, 2, 3, 40):
        values = RNG.choice([0.1, 0.4, 0.6, 0.9], (n_windows, 3)).astype(np.float32)
        starts = np.arange(n_windows) * 1.0
        starts[-1] -= 0.3 * (n_windows > 1)
        silent = RNG.random(n_windows) < 0.2
        values[silent] = 0
        make = partial(Timeline, tuple("abc"), task=task, thresholds=np.full(3, 0.5))
        whole = make(starts_s=starts, ends_s=starts + 2, scores=values, silent=silent)
        options = {"threshold": 0.5, "min_length_s": 1.5, "max_gap_s": max_gap_s}
        segments, found = OpenSegments(**options), []
        for rows in np.array_split(np.arange(n_windows), min(n_windows, 7)):
            found += segments.push(
                make(starts_s=starts[rows], ends_s=starts[rows] + 2, scores=values[rows], silent=silent[rows])
            )
        found += segments.close()
        expected = whole.segments(**options)
        assert ordered(found) == ordered(expected)
        np.testing.assert_allclose(scores(found), scores(expected))


def test_a_stream_without_sound_has_nothing_and_a_closed_one_takes_nothing(tagger):
    for chunks in ([], [np.zeros(0, np.float32)], [np.zeros((0, 16), np.float32)]):
        stream = tagger.stream(44_100)
        assert heard(stream, chunks) == ([], [])
        for again in (stream.close, lambda: stream.push(np.zeros(5))):  # noqa: B023
            with pytest.raises(TaggerError, match="expected an open stream, received one that is closed"):
                again()


def test_a_bad_chunk_is_refused_and_the_stream_remains(tagger):
    samples, stream = sound(16_000), tagger.stream(16_000)
    first = stream.push(samples[:20_000])
    for bad, reason in (
        (np.array([np.nan, 0]), "finite"),
        (np.array([5_000.0]), "full scale 1.0"),
        (np.array([3]), "expected samples"),
        (np.zeros((1, 9_000)), "transpose them"),
        (np.zeros((2, 9_000), np.int16), "transpose them"),
        (np.zeros((8, 9)), "transpose them"),
    ):
        with pytest.raises(DecodeError, match=reason):
            stream.push(bad)
    windows, _ = heard(stream, [samples[20_000:]])
    whole = tagger.timeline(samples, 16_000)
    np.testing.assert_allclose([w.tags.scores for w in [*first.windows, *windows]], whole.scores, atol=1e-6)


def test_options_that_are_none_are_refused_at_once(tagger):
    for rate_hz in (0, None, "16000"):
        with pytest.raises(DecodeError, match="sample rate from"):
            tagger.stream(rate_hz)
    seconds = ("window_s", "hop_s", "min_length_s", "max_gap_s")
    of_other_types = ({"threshold": "own"}, *({name: "1"} for name in seconds))
    for options in ({"threshold": 2.0}, {"max_gap_s": -1.0}, {"window_s": 1e9}, *of_other_types):
        with pytest.raises(TaggerError, match="expected"):
            tagger.stream(16_000, **options)


def test_memory_does_not_grow(tagger):
    stream, peaks = tagger.stream(44_100), []
    for _ in range(2):
        tracemalloc.start()
        for _ in range(30):
            stream.push(sound(44_100, 1.0))
        peaks.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    assert peaks[1] < 2e6
