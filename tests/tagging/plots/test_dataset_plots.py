"""Which clips the plots of a data set show."""

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from matplotlib.image import imread

from tagging.config.load import load_config
from tagging.config.schema import Config
from tagging.datasets.holdout import with_test_clips
from tagging.datasets.settings import DatasetSettings, SplitSettings
from tagging.datasets.table import COLUMNS, Dataset
from tagging.frontend.settings import FrontendSettings
from tagging.plots import dataset, distributions, images, sounds


def test_two_classes_are_shown_by_two_clips(tiny, tmp_path, monkeypatch):
    """`both.wav` is the first clip of either, and the only one of the third class."""
    seen = {}
    monkeypatch.setattr(sounds, "class_examples", lambda examples, *_: seen.update(examples))
    rows = []
    clips = {"both.wav": "abc", "a.wav": "a", "b.wav": "ab"}
    for number, (name, labels) in enumerate(clips.items()):
        sf.write(tmp_path / name, np.full(16_000, (number + 1) / 8), 16_000)
        rows.append((name, tmp_path / name, tuple(labels), "curated", ""))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    found = Dataset("fake", table, tuple("abc"), "multilabel", {}, None)
    dataset._classes(tiny.config(tmp_path), found, tmp_path / "c.png")
    assert {label: round(8 * samples[0]) for label, (samples, *_) in seen.items()} == {"a": 2, "b": 3, "c": 1}


def test_bands_have_the_edges_of_their_front_end():
    assert FrontendSettings().mel_edges_hz(16_000) == (0, 8_000)
    assert FrontendSettings(fmin_hz=50.0, fmax_hz=7_000.0).mel_edges_hz(16_000) == (50, 7_000)
    for name, expected in (
        ("yamnet", (125, 7_500)),
        ("mn_log_mel", (0, 15_000)),
        ("waveform", None),
        ("mfcc", None),
    ):
        assert FrontendSettings(name).mel_edges_hz(16_000) == expected


@pytest.mark.parametrize("shape", [(26,), (21, 16)])
def test_each_class_of_arrays_is_shown_by_a_random_clip(shape, tmp_path, monkeypatch):
    labels = np.array(["pop", "rock", "blues", "pop", "rock", "blues"] * 4)
    clips = np.random.default_rng(0).normal(size=(len(labels), *shape)).astype("f")
    (tmp_path / "data" / "train").mkdir(parents=True)
    np.save(tmp_path / "data" / "train" / "X.npy", clips)
    np.save(tmp_path / "data" / "train" / "labels.npy", labels)
    (tmp_path / "c.yaml").write_text(
        f"dataset: {{layout: arrays, root: {tmp_path / 'data'}}}\ncleaning: {{features: {{name: stored}}}}\n"
        "stages: {train: {sources: [train]}}"
    )
    draw, seen = images.feature_examples, []
    monkeypatch.setattr(
        images, "feature_examples", lambda examples, path: seen.append(examples) or draw(examples, path)
    )
    for seed in (0, 0, 1):
        paths = list(
            dataset.data_figures(load_config(tmp_path / "c.yaml", [f"seed={seed}"]), tmp_path / "out")
        )
        assert tmp_path / "out" / "classes.png" in paths
    assert imread(tmp_path / "out" / "classes.png").std() > 0.05
    for examples in seen:
        assert [title.split(":")[0] for title in examples] == ["blues", "pop", "rock"]
        for title, features in examples.items():
            label, name = title.split(": ")
            row = int(name.removeprefix("train-"))
            assert labels[row] == label
            np.testing.assert_array_equal(features, clips[row].reshape(-1, shape[-1]))
    assert list(seen[0]) == list(seen[1]) != list(seen[2]), "the seed chooses"


def test_shares_have_the_drawn_test_clips(tmp_path, monkeypatch):
    clips = pd.DataFrame(
        {
            "fname": [f"{number}.wav" for number in range(80)],
            "path": "",
            "labels": [(genre,) for genre in ("jazz", "rock") for _ in range(40)],
            "split": "train",
            "group": "",
        }
    )
    found = with_test_clips(
        Dataset("fake", clips, ("jazz", "rock"), "multiclass", {}, None),
        SplitSettings(0.25, test_share=0.25),
        0,
    )
    config = Config(
        dataset=DatasetSettings("folders", str(tmp_path)), split=SplitSettings(0.25, test_share=0.25)
    )
    draw, seen = distributions.label_shares, []
    monkeypatch.setattr(
        distributions,
        "label_shares",
        lambda classes, ways, path: seen.append(ways) or draw(classes, ways, path),
    )
    dataset._label_shares(config, found, tmp_path / "s.png")
    assert {way: [len(part) for part in parts] for way, parts in seen[0].items()} == {
        "plain random": [45, 15, 20],
        "as trained": [45, 15, 20],
    }
    assert [part.sum(axis=0).tolist() for part in seen[0]["as trained"]][2] == [10, 10]
    assert imread(tmp_path / "s.png").shape[1] > 800
