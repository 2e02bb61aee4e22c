"""The plot of a file over time."""

from dataclasses import replace
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile as sf
from matplotlib import image
from matplotlib.figure import Figure

from preprocessing.sound_files import FileSound
from tagging.inference.results import Segment, Timeline, clock
from tagging.plots import spectrogram
from tagging.plots import timeline as plot
from tagging.plots.spectrogram import TOP_DB, band_of, log_mel_overview
from tagging.plots.style import write_figure
from tagging.plots.timeline import draw_timeline, heat_columns, ranked_classes

RATE_HZ = 8_000


def timeline(scores: np.ndarray, hop_s: float = 1.0, task: str = "multilabel") -> Timeline:
    starts = hop_s * np.arange(len(scores))
    names = tuple(f"class {number}" for number in range(scores.shape[1]))
    return Timeline(names, starts, starts + hop_s, scores.astype(np.float32), task, np.full(len(names), 0.5))


def overlapping(scores: np.ndarray, window_s: float, hop_s: float, task: str = "multilabel") -> Timeline:
    found = timeline(scores, hop_s, task)
    return replace(found, ends_s=found.starts_s + window_s)


def draw(folder: Path, found: Timeline, segments: list[Segment] | None, title: str = "a.wav") -> None:
    """The plot of five seconds of noise with these scores, `x.png`."""
    sf.write(folder / "a.wav", np.random.default_rng(0).normal(0, 0.1, 5 * RATE_HZ), RATE_HZ)
    draw_timeline(found, segments, FileSound(folder / "a.wav"), RATE_HZ, folder / "x.png", title=title)


@pytest.fixture
def drawn(monkeypatch) -> list[Figure]:
    """The figures that were written."""
    figures = []
    monkeypatch.setattr(
        plot, "write_figure", lambda figure, path: figures.append(figure) or write_figure(figure, path)
    )
    return figures


def test_a_sound_whose_channel_is_known_is_read_once(tmp_path, monkeypatch):
    sf.write(tmp_path / "a.wav", np.full((RATE_HZ, 2), 0.1), RATE_HZ)
    sound, read = FileSound(tmp_path / "a.wav"), []
    sound.look_ahead()
    monkeypatch.setattr(
        FileSound, "blocks", lambda self, whole=FileSound.blocks: read.append(self) or whole(self)
    )
    draw_timeline(timeline(np.eye(2)), [], sound, RATE_HZ, tmp_path / "x.png", title="a")
    assert read == [sound]


def test_a_short_sound_is_librosa_s_log_mel():
    pcm = np.random.default_rng(0).integers(-9_000, 9_000, 9_000).astype(np.int16)
    found, spanned_s = log_mel_overview(np.split(pcm, [1_000, 1_001, 6_000]), RATE_HZ)
    padded = np.concatenate([np.zeros(256), pcm / 32768, np.zeros(767)])
    mel = librosa.feature.melspectrogram(
        y=padded, sr=RATE_HZ, n_fft=1_024, hop_length=512, n_mels=64, center=False
    )
    np.testing.assert_allclose(found, librosa.power_to_db(mel, ref=np.max, top_db=80), atol=1e-3)
    assert found.shape[1] == 18, "a column for each 512 samples that have begun"
    assert spanned_s == 18 * 512 / RATE_HZ


@pytest.mark.parametrize("n_samples", [300, 1_536, 1_537, 1_600])
def test_the_last_column_of_a_short_sound_is_as_bright_as_the_others(n_samples):
    pcm = np.random.default_rng(0).integers(-9_000, 9_000, n_samples).astype(np.int16)
    levels = log_mel_overview([pcm], RATE_HZ)[0].mean(axis=0)
    assert np.ptp(levels) < 16, "a frame of noise and zeros is less loud, but not dark"


def test_a_tone_is_drawn_at_its_frequency():
    for hz in (250, 1_000, 3_500):
        pcm = (9_000 * np.sin(2 * np.pi * hz * np.arange(RATE_HZ) / RATE_HZ)).astype(np.int16)
        found, _ = log_mel_overview([pcm], RATE_HZ)
        assert found.mean(axis=1).argmax() + 1 == pytest.approx(band_of(hz, RATE_HZ), abs=1)
    assert band_of(0, RATE_HZ) == 0
    assert band_of(RATE_HZ / 2, RATE_HZ) == 65


def test_a_long_sound_is_as_wide_as_a_plot_and_things_keep_their_place(monkeypatch):
    """A loud stretch from 40 % to 60 %, whatever the length."""
    monkeypatch.setattr(spectrogram, "COLUMNS", 20)
    for seconds in (1, 7, 60, 61):
        pcm = np.full(seconds * RATE_HZ, 1, np.int16)
        pcm[int(0.4 * len(pcm)) : int(0.6 * len(pcm))] = (
            9_000 * np.sin(np.arange(int(0.2 * len(pcm)) + 1))[: int(0.6 * len(pcm)) - int(0.4 * len(pcm))]
        )
        found, spanned_s = log_mel_overview(np.array_split(pcm, 50), RATE_HZ)
        assert 15 <= found.shape[1] <= 40
        loud = np.flatnonzero(found.max(axis=0) > -20) * spanned_s / found.shape[1] / seconds
        assert loud.min() == pytest.approx(0.4, abs=0.1)
        assert loud.max() == pytest.approx(0.6, abs=0.1)


def test_silence_and_a_sound_shorter_than_a_frame_can_be_drawn():
    found, _ = log_mel_overview([np.zeros(100, np.int16)], RATE_HZ)
    assert found.shape == (64, 1)
    assert (found == -TOP_DB).all()


def test_the_heat_map_of_hours_shows_the_shortest_peak_in_its_place():
    scores = np.zeros((20_000, 3))
    scores[12_345, 1] = 0.9
    whole = timeline(scores)
    edges_s, found = heat_columns(whole, [1, 0])
    assert found.shape == (2, plot.COLUMNS)
    (column,) = np.flatnonzero(found[0])
    assert edges_s[column] <= whole.edges_s[12_345] < whole.edges_s[12_346] <= edges_s[column + 1]
    assert found[0].max() == np.float32(0.9)
    assert not found[1].any()
    assert (edges_s[0], edges_s[-1]) == (0, 20_000)


def test_as_many_windows_as_columns_and_one_more():
    for windows, columns in ((plot.COLUMNS, plot.COLUMNS), (plot.COLUMNS + 1, plot.COLUMNS)):
        edges_s, found = heat_columns(timeline(np.eye(windows)), range(windows))
        assert found.shape == (windows, columns)
        assert (found.max(axis=1) == 1).all()
        assert np.isin(edges_s, timeline(np.eye(windows)).edges_s).all()


def test_the_heat_map_of_seconds_shows_each_window_from_edge_to_edge(drawn, tmp_path):
    whole = overlapping(np.eye(5), window_s=2.0, hop_s=1.5)
    edges_s, found = heat_columns(whole, [4, 0])
    np.testing.assert_array_equal(edges_s, [0, 1.75, 3.25, 4.75, 6.25, 8])
    np.testing.assert_array_equal(found, [[0, 0, 0, 0, 1], [1, 0, 0, 0, 0]])
    draw(tmp_path, whole, whole.segments())
    heat = drawn[0].axes[1].collections[0]
    np.testing.assert_array_equal(heat.get_coordinates()[0, :, 0], edges_s)
    np.testing.assert_array_equal(heat.get_array(), np.eye(5))


def test_the_bars_of_the_most_likely_class_end_where_the_heat_map_does(drawn, tmp_path):
    whole = overlapping(np.eye(3)[[0, 1, 1, 2]], window_s=2.0, hop_s=1.5, task="multiclass")
    draw(tmp_path, whole, whole.segments())
    bars = [bar.get_paths()[0].get_extents() for bar in drawn[0].axes[2].collections]
    assert [(bar.x0, bar.x1) for bar in bars] == [(0, 1.75), (1.75, 4.75), (4.75, 6.5)]


def test_both_panels_have_the_classes_in_one_order(drawn, tmp_path):
    """Also where another class is the first in time, or one is not the likeliest at any time."""
    scores = np.array([[0.4, 0.3, 0.3, 0.0], [0.1, 0.45, 0.45, 0.0], [0.0, 0.01, 0.04, 0.95]])
    found = timeline(scores, task="multiclass")
    draw(tmp_path, found, found.segments())
    heat, likely = ([label.get_text() for label in axes.get_yticklabels()] for axes in drawn[0].axes[1:3])
    names = found.names
    assert heat == [names[3], names[1], names[2], names[0]]
    assert likely == [names[3], names[1], names[0]]


def test_without_a_segment_the_panel_of_the_most_likely_class_is_left_out(drawn, tmp_path):
    whole = overlapping(np.eye(3), window_s=2.0, hop_s=1.5, task="multiclass")
    draw(tmp_path, whole, [])
    assert [axes.get_title(loc="left") for axes in drawn[0].axes].count("most likely class") == 0
    draw(tmp_path, whole, whole.segments())
    assert drawn[1].axes[2].get_title(loc="left") == "most likely class"


@pytest.mark.parametrize("n", [30, 20_000])
def test_values_of_hours_keep_their_peaks(drawn, tmp_path, n):
    values = np.zeros((n, 2))
    values[n // 3, 0], values[n // 2, 0] = 7, -5
    draw(tmp_path, overlapping(values, window_s=0.5, hop_s=0.25, task="regression"), None)
    line = drawn[0].axes[1].lines[0].get_xydata()
    assert len(line) <= 2 * plot.COLUMNS
    assert line[:, 1].max() == 7
    assert line[:, 1].min() == -5
    centre_s, column_s = n // 3 * 0.25 + 0.25, 0.25 * max(1, n / plot.COLUMNS)
    assert line[line[:, 1].argmax(), 0] == pytest.approx(centre_s, abs=column_s)


@pytest.mark.parametrize("task", ["multilabel", "multiclass", "regression"])
def test_names_are_drawn_as_they_are_and_nothing_is_said_about_them(drawn, tmp_path, capfd, task):
    names = ("_hidden", "$a$ b_1", "\u9ce5\u306e\u58f0", "$")
    whole = replace(overlapping(np.eye(4), window_s=1.0, hop_s=1.0, task=task), names=names)
    draw(tmp_path, whole, None if task == "regression" else whole.segments(), title="_\u58f0 $x$.wav")
    (figure,) = drawn
    shown = figure.legends[0].get_texts() if task == "regression" else figure.axes[1].get_yticklabels()
    assert [text.get_text() for text in shown] == list(names)
    assert not any(text.get_parse_math() for text in shown)
    assert capfd.readouterr() == ("", "")


def test_frequencies_are_in_hz_and_levels_below_the_loudest(drawn, tmp_path):
    draw(tmp_path, timeline(np.eye(3)), [])
    panel = drawn[0].axes[0]
    assert [text.get_text() for text in panel.get_yticklabels()] == ["0.125", "0.25", "0.5", "1", "2", "4"]
    assert panel.get_yticks()[-1] == 65
    assert panel.get_ylabel() == "frequency (kHz)"
    bar = next(axis for axis in drawn[0].axes if axis.get_label() == "<colorbar>")
    assert (bar.get_ylabel(), bar.get_ylim()) == ("dB (0: the loudest)", (-TOP_DB, 0))


@pytest.mark.parametrize(("seconds", "ticks"), [(0.03, 3), (0.1, 10), (0.5, 10), (5, 10), (7200, 12)])
def test_any_length_has_some_ticks(seconds, ticks):
    panel = Figure().subplots()
    plot.time_axis(panel, seconds)
    shown = [tick for tick in panel.get_xticks() if 0 < tick < seconds * 1.001]
    assert len(shown) == ticks
    texts = [panel.xaxis.get_major_formatter()(tick) for tick in shown]
    assert len(set(texts)) == len(texts)


def test_classes_with_the_highest_peaks_are_drawn():
    scores = np.tile(np.linspace(0, 0.5, 20), (3, 1))
    scores[1, 4] = 0.9
    assert ranked_classes(timeline(scores))[:12] == [4, *range(19, 8, -1)]


@pytest.mark.parametrize(("task", "panels"), [("multilabel", 2), ("multiclass", 3), ("regression", 2)])
def test_a_plot_of_each_task(drawn, tmp_path, task, panels):
    found = timeline(np.random.default_rng(1).random((5, 4)), task=task)
    draw(tmp_path, found, None if task == "regression" else found.segments(), title="a $5 clip_1")
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
