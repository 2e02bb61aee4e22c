"""The picture of a file over time."""

import librosa
import numpy as np
import pytest
import soundfile as sf
from matplotlib import image

from tagging.plots import write_figure
from tagging.tagger import picture, spectrogram
from tagging.tagger.picture import draw_timeline, heat_columns, top_classes
from tagging.tagger.results import Timeline
from tagging.tagger.spectrogram import log_mel_overview
from tagging.tagger.writing import clock

RATE_HZ = 8_000


def timeline(scores: np.ndarray, hop_s: float = 1.0, task: str = "multilabel") -> Timeline:
    starts = hop_s * np.arange(len(scores))
    names = tuple(f"class {number}" for number in range(scores.shape[1]))
    return Timeline(names, starts, starts + hop_s, scores.astype(np.float32), task, np.full(len(names), 0.5))


def test_a_short_sound_is_librosa_s_log_mel():
    pcm = np.random.default_rng(0).integers(-9_000, 9_000, 9_000).astype(np.int16)
    found, spanned_s = log_mel_overview(np.split(pcm, [1_000, 1_001, 6_000]), RATE_HZ)
    padded = np.concatenate([pcm / 32768, np.zeros(1_023)])
    mel = librosa.feature.melspectrogram(
        y=padded, sr=RATE_HZ, n_fft=1_024, hop_length=512, n_mels=64, center=False
    )
    np.testing.assert_allclose(found, librosa.power_to_db(mel, ref=np.max, top_db=80) + 80, atol=1e-3)
    assert spanned_s == found.shape[1] * 512 / RATE_HZ


def test_a_long_sound_is_as_wide_as_a_picture_and_things_keep_their_place(monkeypatch):
    """A loud stretch from 40 % to 60 %, whatever the length."""
    monkeypatch.setattr(spectrogram, "COLUMNS", 20)
    for seconds in (1, 7, 60, 61):
        pcm = np.full(seconds * RATE_HZ, 1, np.int16)
        pcm[int(0.4 * len(pcm)) : int(0.6 * len(pcm))] = (
            9_000 * np.sin(np.arange(int(0.2 * len(pcm)) + 1))[: int(0.6 * len(pcm)) - int(0.4 * len(pcm))]
        )
        found, spanned_s = log_mel_overview(np.array_split(pcm, 50), RATE_HZ)
        assert 15 <= found.shape[1] <= 40
        loud = np.flatnonzero(found.max(axis=0) > 60) * spanned_s / found.shape[1] / seconds
        assert loud.min() == pytest.approx(0.4, abs=0.1)
        assert loud.max() == pytest.approx(0.6, abs=0.1)


def test_silence_and_a_sound_shorter_than_a_frame_can_be_drawn():
    found, _ = log_mel_overview([np.zeros(100, np.int16)], RATE_HZ)
    assert found.shape == (64, 1)
    assert not found.any()


def test_the_heat_map_of_hours_shows_the_shortest_peak():
    scores = np.zeros((20_000, 3))
    scores[12_345, 1] = 0.9
    found = heat_columns(timeline(scores), [1, 0])
    assert found.shape == (2, picture.COLUMNS)
    assert found[0].argmax() == 12_345 * picture.COLUMNS // 20_000
    assert found[0].max() == np.float32(0.9)
    assert not found[1].any()


def test_the_heat_map_of_seconds_shows_each_window_for_its_time():
    found = heat_columns(timeline(np.eye(3)), [0, 1, 2])
    np.testing.assert_array_equal(found[:, [0, -1]], np.eye(3)[:, [0, 2]])
    np.testing.assert_array_equal(found.sum(axis=0), 1)
    assert found.sum(axis=1).tolist() == [4, 4, 4]


def test_classes_with_the_highest_peaks_are_drawn():
    scores = np.tile(np.linspace(0, 0.5, 20), (3, 1))
    scores[1, 4] = 0.9
    assert top_classes(timeline(scores)) == [4, *range(19, 8, -1)]


@pytest.mark.parametrize(("task", "panels"), [("multilabel", 2), ("multiclass", 3), ("regression", 2)])
def test_a_picture_of_each_task(tmp_path, monkeypatch, task, panels):
    sf.write(tmp_path / "a.wav", np.random.default_rng(0).normal(0, 0.1, 5 * RATE_HZ), RATE_HZ)
    drawn = []
    monkeypatch.setattr(
        picture, "write_figure", lambda figure, path: drawn.append(figure) or write_figure(figure, path)
    )
    found = timeline(np.random.default_rng(1).random((5, 4)), task=task)
    segments = None if task == "regression" else found.segments()
    draw_timeline(found, segments, tmp_path / "a.wav", RATE_HZ, tmp_path / "x.png", title="a $5 clip_1")
    axes = [axis for axis in drawn[0].axes if axis.get_label() != "<colorbar>"]
    assert len(axes) == panels
    assert axes[-1].get_xlim() == (0, 5)
    assert axes[-1].get_xlabel() == "time (m:ss)"
    assert [tick.get_text() for tick in axes[-1].get_xticklabels()][1:3] == ["0:00.0", "0:00.5"]
    assert image.imread(tmp_path / "x.png").std() > 0.1


@pytest.mark.parametrize(
    ("seconds", "digits", "text"),
    [
        (0, 0, "0:00"),
        (75.25, 1, "1:15.2"),
        (59.96, 1, "1:00.0"),
        (59.9, 0, "1:00"),
        (3600, 0, "1:00:00"),
        (7325, 0, "2:02:05"),
    ],
)
def test_the_clock_counts_minutes_and_from_an_hour_on_hours(seconds, digits, text):
    assert clock(seconds, digits) == text
