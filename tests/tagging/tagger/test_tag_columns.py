"""Timelines whose rows are means of a network's columns, against the network called by hand."""

import json
from itertools import pairwise

import keras
import numpy as np
import pytest
import soundfile as sf

from models.mn import SILENCE
from tagging import Tagger
from tagging.frontend.mn_log_mel import MnLogMel
from tagging.inference.errors import TaggerError
from tagging.pipeline.blocks import cut_windows
from tagging.tagger.rows import ColumnRows
from tagging.tagger.windows import batches
from tests.tag_command_helpers import refused, tag

RATE_HZ, COLUMN = 32_000, 10_240
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, 9 * RATE_HZ).astype("f")


@pytest.fixture(scope="module")
def tagger(weights) -> Tagger:
    return Tagger.load("audioset", weights=weights)


def placed(rows: ColumnRows, sound: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Spans of all rows, and what of the windows each of them is, if outputs are in the order of the windows."""
    spans, parts = [], []
    for window_spans, samples in batches(cut_windows([sound], rows.pieces, rows.margin), 3):
        found = rows.place(window_spans, samples)
        outputs = [
            window[first : first + rows.length]
            for window in samples
            for first in rows.margin + rows.hop * np.arange(rows.count)
        ]
        spans.append(found.spans)
        parts += [part for part, kept in zip(outputs, found.kept, strict=True) if kept]
        assert len(found.kept) == len(outputs)
    return np.concatenate(spans), parts


@pytest.mark.parametrize(("width", "step"), [(7, 1), (7, 2), (5, 3), (1, 1), (14, 1), (20, 4), (2, 30)])
def test_rows_cover_a_sound_of_any_length(width, step):
    rows = ColumnRows(3, width, step)
    for length in (1, 5, 21, 40, 43, 44, 45, 46, 47, 48, 49, 70, 200, 201, 202, 203):
        sound = np.arange(1, length + 1, dtype=np.int16)
        spans, parts = placed(rows, sound)
        starts, ends = spans.T
        assert starts[0] == 0
        assert ends[-1] == length
        assert all(0 < b - a <= rows.hop for a, b in pairwise(starts))
        for start, end, part in zip(starts, ends, parts, strict=True):
            np.testing.assert_array_equal(part[: end - start], sound[start:end][: rows.length])
            assert end - start == rows.length or end == length


def test_levels_are_those_of_the_rows():
    rows = ColumnRows(3, 7, 1)
    sound = np.repeat(np.array([0, 16_384], np.int16), 30)
    (window,) = batches(cut_windows([sound], rows.pieces, rows.margin), 3)
    found = rows.place(*window)
    power = np.array([np.mean((sound[a:b] / 32_768) ** 2) for a, b in found.spans])
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(found.levels_db, 10 * np.log10(power))
    assert found.levels_db[0] == -np.inf


def test_the_published_timeline_is_that_of_its_columns(tagger, whole):
    timeline = tagger.timeline(NOISE, RATE_HZ, embed=True)
    np.testing.assert_allclose(timeline.starts_s[:16], np.arange(16) * 0.32)
    assert (np.diff(timeline.starts_s) < 0.32 + 1e-9).all()
    np.testing.assert_allclose(timeline.ends_s - timeline.starts_s, 2.24)
    assert timeline.seconds == 9.0
    maps = keras.Model(whole.input, whole.get_layer("block16_activation").output)
    padded = np.pad(np.round(NOISE * 32_768).astype("f") / 32_768, COLUMN)
    columns = np.mean(maps(MnLogMel()(padded[None, : 16 * COLUMN]) + SILENCE), axis=2)[0]
    for number in (0, 3, 7):
        features = columns[1 + number : 8 + number].mean(axis=0)
        np.testing.assert_allclose(timeline.embeddings[number], features, atol=1e-4)
        logits = np.array(whole.get_layer("logits")(whole.get_layer("hidden")(features[None])))[0]
        expected = 1 / (1 + np.exp(-logits.astype(np.float64)))
        np.testing.assert_allclose(timeline.scores[number], expected, atol=2e-3)


def test_a_stream_has_the_same_rows(tagger):
    for options in ({}, {"columns": 5, "hop_s": 0.96}):
        for length in (9, 2):
            sound = NOISE[: length * RATE_HZ]
            whole = tagger.timeline(sound, RATE_HZ, **options)
            stream = tagger.stream(RATE_HZ, **options)
            windows = [w for chunk in np.array_split(sound, 7) for w in stream.push(chunk).windows]
            windows += stream.close().windows
            assert [(w.start_s, w.end_s) for w in windows] == [
                *zip(whole.starts_s, whole.ends_s, strict=True)
            ]
            np.testing.assert_allclose([w.tags.scores for w in windows], whole.scores, atol=1e-6)
    empty = tagger.stream(RATE_HZ)
    assert empty.push(NOISE[:0]).windows == empty.close().windows == []


def test_silence_in_a_sound_has_no_tags(tagger):
    sound = NOISE.copy()
    sound[3 * RATE_HZ : 7 * RATE_HZ] = 0
    timeline = tagger.timeline(sound, RATE_HZ)
    inside = (timeline.starts_s >= 3) & (timeline.ends_s <= 7)
    assert inside.any()
    np.testing.assert_array_equal(timeline.is_silent, inside)
    assert (timeline.scores[inside] == 0).all()


def test_what_does_not_fit_is_refused(tagger, noisy):
    with pytest.raises(TaggerError, match=r"hop_s as a multiple of 0.32 s.* received 0.5; set window_s"):
        tagger.timeline(NOISE, RATE_HZ, hop_s=0.5)
    with pytest.raises(TaggerError, match="window_s or columns"):
        tagger.timeline(NOISE, RATE_HZ, window_s=2.0, columns=7)
    with pytest.raises(TaggerError, match=r"1 to 1875 columns, received 2000"):
        tagger.timeline(NOISE, RATE_HZ, columns=2000)
    with pytest.raises(TaggerError, match=r"1 to 1875 columns, received 2.5"):
        tagger.timeline(NOISE, RATE_HZ, columns=2.5)
    own = Tagger.load(noisy[1])
    with pytest.raises(TaggerError, match=r"expected model.name=mn for columns, received .*set window_s"):
        own.timeline(NOISE, RATE_HZ, columns=7)


def test_the_command_takes_columns(weights, tmp_path, capsys):
    audio, out = tmp_path / "noise.wav", tmp_path / "noise.json"
    sf.write(audio, NOISE, RATE_HZ)
    refused(capsys, "--columns", 3, "--window-s", 2, "--timeline", audio)
    assert "--timeline" in refused(capsys, "--columns", 3, audio)
    assert tag(audio, "--weights", weights, "--timeline", "--columns", 3, "--hop-s", 0.64, "--out", out) == 0
    windows = json.loads(out.read_text())[0]["windows"]
    assert [w["start_s"] for w in windows[:3]] == [0, 0.64, 1.28]
    assert windows[0]["end_s"] == 0.96
    assert tag(audio, "--weights", weights, "--timeline", "--columns", 3, "--hop-s", 1.28, "--out", out) == 0
    assert "windows of 0.96 s every 1.28 s: audio between" in capsys.readouterr().err
