"""Plots and audio of some clips."""

import os

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from matplotlib import image, pyplot

from foundation.parts import part_of
from preprocessing import preview
from preprocessing.feature_settings import FeatureSettings
from preprocessing.preview import write_preview
from preprocessing.preview_features import stored_blocks
from preprocessing.settings import CleaningSettings

SETTINGS = CleaningSettings()


def test_plots_and_audio_before_and_after(tmp_path, write, table, sound):
    clips = table({"curated": [write("a $x_{$ 鳥.wav", sound, 44_100)], "test": [write("b.wav", sound)]})
    plots, fewer = write_preview(clips, SETTINGS, tmp_path / "preview", 2)
    assert fewer == ""
    assert [path.name for path in plots] == ["000_curated_a_x__.wav.png", "001_test_b.wav.png"]
    for plot in plots:
        assert image.imread(plot).std() > 0.1
    before, rate_hz = sf.read(tmp_path / "preview" / "001_test_b.wav_before.wav")
    after, _ = sf.read(tmp_path / "preview" / "001_test_b.wav_after.wav")
    assert rate_hz == 16_000
    np.testing.assert_allclose(before, sound, atol=1 / 2**15)
    assert len(after) == 19_200
    assert pyplot.get_fignums() == []


def test_what_a_killed_preview_left_is_removed(tmp_path, write, table, sound, monkeypatch):
    monkeypatch.setattr(preview, "_save", lambda figure, path: None)
    clips, folder = table({"test": [write("b.wav", sound)]}), tmp_path / "preview"
    folder.mkdir()
    part = part_of(folder / "000_test_b.wav_before.wav")
    left = part.with_name(part.name.replace(str(os.getpid()), "999999999"))  # of a process that is not there
    left.touch()
    write_preview(clips, SETTINGS, folder, 1)
    assert not left.exists()


def test_the_choice_is_spread_over_splits_and_repeats(tmp_path, write, table, sound, monkeypatch):
    monkeypatch.setattr(preview, "_save", lambda figure, path: None)
    curated = [write(f"c{i}.wav", sound[:800]) for i in range(5)]
    clips = table({"curated": curated, "noisy": [write("n.wav", sound[:800])]})
    first, again = (
        [path.name for path in write_preview(clips, SETTINGS, tmp_path / to, 4)[0]] for to in "ab"
    )
    assert first == again
    assert [name[:12] for name in first] == ["000_curated_", "001_curated_", "002_curated_", "003_noisy_n."]


def test_the_seed_draws_clips_of_different_classes(tmp_path):
    np.save(tmp_path / "X.npy", np.zeros((12, 20, 13)))
    names = [f"{genre}{n}" for genre in ("jazz", "pop", "rock") for n in range(4)]
    clips = pd.DataFrame({"fname": names, "path": tmp_path / "X.npy", "split": "train", "row": range(12)})
    genres = [name[:-1] for name in names]
    drawn = set()
    for seed in range(6):
        chosen = preview._choose(clips, genres, 3, seed)
        assert sorted(caption for _, caption in chosen) == ["jazz", "pop", "rock"]
        assert all(clip.fname.startswith(caption) for clip, caption in chosen)
        drawn.add(tuple(clip.fname for clip, _ in chosen))
    assert len(drawn) > 1
    assert preview._choose(clips, genres, 3, 0) == preview._choose(clips, genres, 3, 0)


def test_more_than_there_is_and_what_cannot_be_read(tmp_path, write, table, sound, monkeypatch):
    monkeypatch.setattr(preview, "_save", lambda figure, path: None)
    bad = write("bad.wav", sound)
    bad.write_text("no audio")
    clips = table({"test": [bad, write("short.wav", sound[:3]), write("quiet.wav", 0 * sound)]})
    plots, fewer = write_preview(clips, SETTINGS, tmp_path / "preview", 9)
    assert len(plots) == 2
    assert fewer.startswith(
        "2 of 9 previews: the data set has 3 clips; cannot be used: test/bad.wav (expected audio"
    )
    plots, fewer = write_preview(clips[:1], SETTINGS, tmp_path / "preview", 1)
    assert plots == []
    assert fewer.startswith("0 of 1 previews: cannot be used: test/bad.wav")


def test_features_are_in_the_plot(tmp_path, write, table, sound):
    clips = table({"test": [write("b.wav", sound)]})
    heights = {}
    for name in (None, "fused", "mfcc_statistics"):
        settings = CleaningSettings(features=FeatureSettings(name=name))
        plots, fewer = write_preview(clips, settings, tmp_path / str(name), 1)
        assert fewer == ""
        heights[name] = image.imread(plots[0]).shape[0]
        assert len(list((tmp_path / str(name)).glob("[!.]*"))) == 3
    assert heights[None] < heights["mfcc_statistics"] < heights["fused"]  # mel and chroma: two more


@pytest.mark.parametrize(
    ("parts", "n_bands", "bands", "blocks"),
    [
        ({"mel": 128, "chroma": 12}, 140, None, {"mel": (0, 128), "chroma": (128, 140)}),
        ({"mel": 128, "chroma": 12}, 128, (0, 128), {"mel": (0, 128)}),
        ({"mel": 128, "chroma": 12}, 12, (128, 140), {"chroma": (0, 12)}),
        ({"mel": 128, "chroma": 12}, 20, (118, 138), {"mel": (0, 10), "chroma": (10, 20)}),
        ({"mel": 128, "chroma": 12}, 141, None, {"stored": (None, None)}),  # others than the layout says
        ({}, 13, None, {"stored": (None, None)}),
    ],
)
def test_parts_of_stored_features(parts, n_bands, bands, blocks):
    found = stored_blocks(parts, n_bands, FeatureSettings(name="stored", bands=bands))
    assert {name: (each.start, each.stop) for name, each in found.items()} == blocks


def test_each_part_of_fused_features_has_a_colour_scale_and_the_plot_the_label(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "1.npy", np.concatenate([rng.uniform(-80, 0, (128, 9)), rng.uniform(0, 1, (12, 9))]))
    clips = pd.DataFrame({"fname": ["1"], "path": tmp_path / "1.npy", "split": "train"})
    settings = CleaningSettings(features=FeatureSettings(name="stored", transpose=True))
    figures = []
    monkeypatch.setattr(preview, "_save", lambda figure, path: figures.append(figure))
    parts = {"mel": 128, "chroma": 12}
    write_preview(clips, settings, tmp_path / "preview", 1, captions=["Trip-Hop"], parts=parts)
    panels = [place for place in figures[0].axes if place.images]
    assert [place.get_title() for place in panels] == [
        "train/1 (Trip-Hop): mel: 9 steps, 128 bands",
        "chroma: 9 steps, 12 bands",
    ]
    assert [np.sign(place.images[0].norm.vmin) for place in panels] == [-1, 1]
    assert panels[0].images[0].norm.vmax <= 0 < panels[1].images[0].norm.vmax <= 1


def test_stored_features_are_a_plot_alone(tmp_path):
    np.save(tmp_path / "X.npy", np.random.default_rng(0).normal(size=(3, 20, 13)))
    clips = pd.DataFrame(
        {"fname": list("abc"), "path": tmp_path / "X.npy", "split": "test", "row": [0, 1, 9]}
    )
    settings = CleaningSettings(features=FeatureSettings(name="stored"))
    plots, fewer = write_preview(clips, settings, tmp_path / "preview", 3)
    assert [path.name for path in plots] == ["000_test_a.png", "001_test_b.png"]
    assert sorted((tmp_path / "preview").glob("[!.]*")) == plots
    assert all(image.imread(path).std() > 0.1 for path in plots)
    assert fewer.startswith("2 of 3 previews: cannot be used: test/c (expected a row of")


def test_labels_are_in_the_titles(tmp_path, write, table, sound, monkeypatch):
    drawn = []
    monkeypatch.setattr(preview, "_save", lambda figure, path: drawn.append(figure.axes[0].get_title()))
    np.save(tmp_path / "X.npy", np.zeros((2, 20, 13)))
    stored = pd.DataFrame({"fname": ["a", "b"], "path": tmp_path / "X.npy", "split": "train", "row": [0, 1]})
    settings = CleaningSettings(features=FeatureSettings(name="stored"))
    write_preview(stored, settings, tmp_path / "1", 2, captions=["pop", ""])
    audio = table({"curated": [write("c.wav", sound)]})
    write_preview(audio, SETTINGS, tmp_path / "2", 1, captions=["Bark, Dog"])
    assert drawn == [
        "train/a (pop): stored: 20 steps, 13 bands",
        "train/b: stored: 20 steps, 13 bands",
        f"curated/c.wav (Bark, Dog): {len(sound) / 16_000:.2f} s before, kept ranges shaded",
    ]
