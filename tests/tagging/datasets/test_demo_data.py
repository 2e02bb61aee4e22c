"""The demo data: what is promised of it, on a tiny set; and that its classes can be told apart."""

import hashlib
import json

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from scipy.signal import stft
from sklearn.ensemble import RandomForestClassifier

from tagging.datasets import read_dataset
from tagging.datasets.layouts import demo
from tagging.datasets.layouts.demo import CLASSES, make_clip, make_demo
from tagging.datasets.layouts.parts.oscillators import RATE_HZ
from tagging.datasets.layouts.parts.synth import SOUNDS
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import DatasetError

TINY = {"n_curated": 24, "n_noisy": 60, "n_test": 12}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("data") / "demo"
    make_demo(root, **TINY)
    return root


@pytest.fixture(scope="module")
def data(root):
    return read_dataset(DatasetSettings("demo", str(root)))


def digests(root):
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_layout(root, data):
    assert list(data.clips.groupby("split", sort=False).size()) == [24, 60, 12]
    assert data.classes == CLASSES == tuple(sorted(SOUNDS))
    assert len(CLASSES) == 12
    assert data.sample_submission == root / "sample_submission.csv"
    assert set(data.usage.values()) == {"Public", "Private"}
    assert all(path.is_file() for path in data.clips["path"])
    for split in ("curated", "noisy", "test"):
        assert set().union(*data.of(split)["labels"]) == set(CLASSES)
    assert list(pd.read_csv(root / "sample_submission.csv")["fname"]) == list(data.of("test")["fname"])
    assert list(pd.read_csv(root / "test_post_competition.csv")["fname"]) != list(data.of("test")["fname"])


def test_audio(data):
    infos = [sf.info(path) for path in data.clips["path"]]
    assert {info.samplerate for info in infos} == {RATE_HZ}
    assert {info.subtype for info in infos} == {"PCM_16"}
    assert {info.channels for info in infos} == {1, 2}
    seconds = np.array([info.duration for info in infos])
    assert seconds.min() >= 0.4
    assert seconds.max() <= 12.0
    assert seconds.std() > 1.0
    peaks = [np.abs(sf.read(path)[0]).max() for path in data.clips["path"]]
    assert min(peaks) > 0.05
    assert max(peaks) < 0.95


def test_some_clips_are_quiet_at_an_end_or_inside(data):
    quiet = {"before": 0, "after": 0, "inside": 0}
    for path in data.clips["path"]:
        wave = sf.read(path, always_2d=True)[0].mean(axis=1)
        frames = np.abs(wave[: len(wave) // 4410 * 4410].reshape(-1, 4410)).max(axis=1) < 1e-4
        if len(frames):
            quiet["before"] += int(frames[0])
            quiet["after"] += int(frames[-1])
            loud = np.flatnonzero(~frames)
            quiet["inside"] += int(frames[loud[0] : loud[-1]].any())
    assert min(quiet.values()) >= 5


def test_about_two_noisy_clips_in_five_are_labelled_wrong(tmp_path, monkeypatch):
    sizes = {"n_curated": 1, "n_noisy": 300, "n_test": 1}
    monkeypatch.setattr("tagging.datasets.layouts.demo.make_clip", lambda *_: np.full(20_000, 0.5))
    tables = []
    for share in (0.0, 0.4):
        monkeypatch.setattr("tagging.datasets.layouts.demo.NOISY_SHARE_WRONG", share)
        make_demo(tmp_path / str(share), **sizes)
        tables.append(pd.read_csv(tmp_path / str(share) / "train_noisy.csv").set_index("fname")["labels"])
    right, noisy = tables
    assert (right != noisy).mean() == pytest.approx(0.4, abs=0.07)
    changed = [(set(right[name].split(",")), set(noisy[name].split(","))) for name in right.index]
    assert any(truth.isdisjoint(labels) for truth, labels in changed)  # wrong
    assert any(labels < truth for truth, labels in changed)  # missing
    assert any(labels > truth for truth, labels in changed)  # extra


def test_same_seed_same_bytes_and_another_seed_other_clips(tmp_path):
    sizes = {"n_curated": 12, "n_noisy": 12, "n_test": 12}
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        make_demo(tmp_path / name, **sizes, seed=seed)
    first, again, other = (digests(tmp_path / name) for name in ("first", "again", "other"))
    assert first == again
    assert len(set(first.values())) == len(first)
    assert not set(first.values()) & set(other.values())


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("seconds", [0.4, 3.0])
def test_every_sound_fills_any_length(name, seconds):
    for seed in range(5):
        wave = SOUNDS[name](np.random.default_rng(seed), int(seconds * RATE_HZ))
        assert wave.shape == (int(seconds * RATE_HZ),)
        assert np.isfinite(wave).all()
        early = np.abs(wave[: int(0.35 * RATE_HZ)]).max()
        assert early > 0.1 * np.abs(wave).max()  # the shortest clip holds its sound too


def profile(wave):
    """Log power in 24 bands: mean and deviation over time."""
    power = np.abs(stft(wave, RATE_HZ, nperseg=2048)[2]) ** 2
    edges = np.geomspace(2, 700, 25).astype(int)
    bands = np.log10(np.add.reduceat(power, edges, axis=0)[:-1] + 1e-9)
    return np.concatenate([bands.mean(axis=1), bands.std(axis=1)])


def test_sounds_can_be_told_apart_but_not_by_one_number():
    pairs = [(name, seed) for seed in range(20) for name in CLASSES]
    waves = [
        make_clip(np.random.default_rng([seed, CLASSES.index(name)]), [name], (15.0, 35.0))
        for name, seed in pairs
    ]
    X, y = np.array([profile(wave) for wave in waves]), np.array([name for name, _ in pairs])
    forest = RandomForestClassifier(100, random_state=0)
    assert forest.fit(X[:156], y[:156]).score(X[156:], y[156:]) > 0.6  # chance: 0.08
    loudness = np.array([[wave.std()] for wave in waves])
    assert forest.fit(loudness[:156], y[:156]).score(loudness[156:], y[156:]) < 0.4


def test_made_on_first_use_only(root, tmp_path, monkeypatch):
    calls = []

    def make_tiny(out):
        calls.append(out)
        make_demo(out, n_curated=12, n_noisy=12, n_test=12)

    monkeypatch.setattr("tagging.datasets.layouts.demo.make_demo", make_tiny)
    (tmp_path / "empty").mkdir()
    for folder in ("new/deep", "empty"):
        settings = DatasetSettings("demo", str(tmp_path / folder))
        assert len(read_dataset(settings).clips) == len(read_dataset(settings).clips) == 36
    assert len(calls) == 2


def test_a_look_makes_no_data(tmp_path):
    with pytest.raises(DatasetError, match=r"received nothing; preprocess\.py makes it"):
        read_dataset(DatasetSettings("demo", str(tmp_path / "demo")), only_look=True)
    assert not list(tmp_path.iterdir())


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(DatasetError, match=r"without demo\.json; for .* add --config configs/own"):
        read_dataset(DatasetSettings("demo", str(tmp_path)))
    with pytest.raises(DatasetError, match="an empty one for the demo data"):
        make_demo(tmp_path, **TINY)
    with pytest.raises(DatasetError, match="add --config"):
        read_dataset(DatasetSettings("demo", str(tmp_path / "thesis.txt")))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_two_makers_at_once(tmp_path, monkeypatch):
    """Whoever is slower finds the folder filled, and leaves it."""
    sizes = {"n_curated": 1, "n_noisy": 1, "n_test": 1}
    write_tables = demo._write_tables

    def overtaken(*args):
        monkeypatch.setattr(demo, "_write_tables", write_tables)
        make_demo(tmp_path / "demo", **sizes)
        write_tables(*args)

    monkeypatch.setattr(demo, "_write_tables", overtaken)
    make_demo(tmp_path / "demo", **sizes, seed=5)
    assert json.loads((tmp_path / "demo" / "demo.json").read_text())["seed"] == 2019
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


@pytest.mark.parametrize("mark", [json.dumps({"version": 0}), "[]", "no json"])
def test_demo_data_of_another_version(tmp_path, mark):
    (tmp_path / "demo.json").write_text(mark)
    with pytest.raises(DatasetError, match=r"expected demo data of version "):
        read_dataset(DatasetSettings("demo", str(tmp_path)))


def test_an_interrupted_make_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("tagging.datasets.layouts.demo._write_tables", interrupt)
    with pytest.raises(KeyboardInterrupt):
        make_demo(tmp_path / "demo", n_curated=1, n_noisy=1, n_test=1)
    assert not list(tmp_path.iterdir())
