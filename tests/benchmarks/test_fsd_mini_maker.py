"""The maker of fsd_mini, on tiny trees of noise that look like downloads of ESC-10 and ESC-50."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from benchmarks import make_fsd_mini
from tagging.datasets import read_dataset
from tagging.datasets.settings import DatasetSettings

RATE_HZ = 44_100
CLASSES = {"001 - Dog bark": "dog", "002 - Rain": "rain", "010 - Fire crackling": "crackling_fire"}
FREQUENCY_HZ = {1: 500, 2: 1000, 3: 2000, 4: 4000}  # of a fold: so each clip tells where it comes from


def write_recording(path, fold, class_number):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng([fold, class_number]).normal(0, 0.001, RATE_HZ)
    tone = 0.5 * np.sin(2 * np.pi * FREQUENCY_HZ[fold] * np.arange(RATE_HZ) / RATE_HZ)
    sf.write(path, tone + noise, RATE_HZ)


@pytest.fixture(scope="module")
def esc10(tmp_path_factory):
    source = tmp_path_factory.mktemp("ESC-10")
    for number, folder in enumerate(CLASSES):
        for fold in FREQUENCY_HZ:
            write_recording(source / folder / f"{fold}-{number}-A.ogg", fold, number)
    (source / "LICENSE").touch()
    return source


@pytest.fixture(scope="module")
def esc50(tmp_path_factory):
    source = tmp_path_factory.mktemp("ESC-50")
    rows = []
    for number, category in enumerate([*CLASSES.values(), "vacuum_cleaner"]):
        for fold in FREQUENCY_HZ:
            name = f"{fold}-{number}-A-{number}.wav"
            write_recording(source / "audio" / name, fold, number)
            rows.append((name, fold, number, category, category != "vacuum_cleaner", "1", "A"))
    (source / "meta").mkdir()
    with open(source / "meta" / "esc50.csv", "w", newline="") as file:
        header = ["filename", "fold", "target", "category", "esc10", "src_file", "take"]
        csv.writer(file).writerows([header, *rows])
    return source


def run(monkeypatch, *args):
    monkeypatch.setattr(sys, "argv", ["make_fsd_mini.py", *map(str, args)])
    make_fsd_mini.main()


def contents(root):
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def loudest_hz(path):
    wave = sf.read(path)[0]
    return np.abs(np.fft.rfft(wave)).argmax() * RATE_HZ / len(wave)


@pytest.mark.parametrize(
    ("kind", "classes"),
    [("esc10", ("Dog_bark", "Fire_crackling", "Rain")), ("esc50", ("Crackling_fire", "Dog", "Rain"))],
)
def test_layout_and_folds(request, monkeypatch, tmp_path, kind, classes):
    source = request.getfixturevalue(kind)
    run(monkeypatch, tmp_path / "mini", "--source", source, "--scale", 0.1, "--test-fold", 2)
    data = read_dataset(DatasetSettings(root=str(tmp_path / "mini")))
    assert data.classes == classes
    assert list(data.clips.groupby("split", sort=False).size()) == [24, 60, 20]
    assert set(data.of("curated", "noisy")["group"]) == {"1", "3", "4"}
    assert set(data.usage.values()) == {"Public", "Private"}
    for clip in data.clips.itertuples():
        fold = 2 if clip.split == "test" else int(clip.group)
        assert loudest_hz(clip.path) == pytest.approx(FREQUENCY_HZ[fold], rel=0.02)


def test_same_arguments_same_bytes(monkeypatch, tmp_path, esc10):
    for name, *more in (("a",), ("b",), ("c", "--seed", 1)):
        run(monkeypatch, tmp_path / name, "--source", esc10, "--scale", 0.05, *more)
    a, b, c = (contents(tmp_path / name) for name in "abc")
    assert a == b
    assert not set(a) & {path for path in c if path.suffix == ".wav"}


def test_recordings_of_the_test_clips_in_the_order_of_their_labels(monkeypatch, tmp_path, esc10):
    run(monkeypatch, tmp_path / "plain", "--source", esc10, "--scale", 0.1)
    behind = tmp_path / "recordings.csv"
    run(monkeypatch, tmp_path / "told", "--source", esc10, "--scale", 0.1, "--recordings", behind)
    assert contents(tmp_path / "told") == contents(tmp_path / "plain")
    number = {"Dog_bark": "0", "Rain": "1", "Fire_crackling": "2"}  # in the names of the recordings
    data = read_dataset(DatasetSettings(root=str(tmp_path / "told"))).of("test")
    expected = {row.fname: [number[label] for label in row.labels] for row in data.itertuples()}
    with open(behind, newline="") as file:
        assert {row["fname"]: row["recordings"].split(",") for row in csv.DictReader(file)} == expected
    assert max(map(len, expected.values())) > 1


def test_corrupted_labels():
    rng, classes = np.random.default_rng(0), ["a", "b", "c", "d"]
    assert [make_fsd_mini.corrupt(rng, ["a", "b"], classes, 0.0) for _ in range(50)] == [["a", "b"]] * 50
    drawn = [make_fsd_mini.corrupt(rng, ["a", "b"], classes, 0.5) for _ in range(2000)]
    share = {
        "right": np.mean([labels == ["a", "b"] for labels in drawn]),
        "wrong": np.mean([set(labels) <= {"c", "d"} for labels in drawn]),
        "missing": np.mean([labels == ["a"] for labels in drawn]),
        "extra": np.mean([len(labels) == 3 for labels in drawn]),
    }
    assert share == pytest.approx({"right": 0.5, "wrong": 0.3, "missing": 0.1, "extra": 0.1}, abs=0.04)
    alone = [make_fsd_mini.corrupt(rng, ["a"], classes, 1.0) for _ in range(200)]
    assert all(len(labels) == 2 or labels[0] != "a" for labels in alone)


def test_a_cut_is_taken_around_the_loudest_part():
    time_s = np.arange(5 * RATE_HZ) / RATE_HZ
    wave = (np.exp(-((time_s - 3) ** 2)) * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)
    for seed in range(10):
        piece = make_fsd_mini.cut(np.random.default_rng(seed), wave, 1.5)
        assert piece.shape == (int(1.5 * RATE_HZ),)
        assert (piece**2).sum() > 0.5 * (wave**2).sum()  # 0.87 of it when centred
    assert make_fsd_mini.cut(np.random.default_rng(0), wave, 9.0).shape == wave.shape


def test_errors_are_one_line_and_leave_nothing(monkeypatch, tmp_path, esc10, esc50):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    broken = tmp_path / "broken"
    (broken / "001 - Rain").mkdir(parents=True)
    for fold in FREQUENCY_HZ:
        (broken / "001 - Rain" / f"{fold}-1-A.ogg").write_bytes(b"no audio")
    out = tmp_path / "out"
    for args, expected in (
        ((out, "--source", tmp_path), "expected ESC-10 .* or ESC-50 .* received neither"),
        ((out, "--source", esc10, "--folds", 1, 5, "--test-fold", 1), "received no Dog_bark of fold 5"),
        ((tmp_path / "full", "--source", esc10), "an empty one to write to"),
        ((out, "--source", broken), "expected audio at .*1-1-A.ogg"),
    ):
        with pytest.raises(SystemExit, match=f"^error: .*{expected}") as error:
            run(monkeypatch, *args)
        assert "\n" not in str(error.value)
        assert not out.exists()
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta" / "esc50.csv").write_text("filename,fold\n")
    with pytest.raises(SystemExit, match="received none called category, esc10"):
        run(monkeypatch, out, "--source", tmp_path)
    with pytest.raises(SystemExit, match="2"):
        run(monkeypatch, out, "--source", esc50, "--folds", 3, "--test-fold", 3)


def test_a_name_in_the_table_stays_in_its_folder(esc50, tmp_path):
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta" / "esc50.csv").write_text("filename,fold,category,esc10\n../../x.wav,1,dog,True\n")
    assert make_fsd_mini.find_clips(tmp_path) == {(1, "Dog"): [Path(tmp_path / "audio" / "x.wav")]}
