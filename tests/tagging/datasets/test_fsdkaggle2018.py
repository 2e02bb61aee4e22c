"""The FSDKaggle2018 reader, on tiny trees in both published layouts."""

import numpy as np
import pytest

from tagging.datasets import read_dataset
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import DatasetError

META = "FSDKaggle2018.meta"
SCORING = "test_post_competition_scoring_clips.csv"
TRAIN = "fname,label,manually_verified\na.wav,Rain,1\nb.wav,Bark,0\nc.wav,Bark,1\nd.wav,Hi-hat,0\n"
ZENODO_TRAIN = """fname,label,manually_verified,freesound_id,license
a.wav,Rain,1,11,CC0
b.wav,Bark,0,22,Attribution
c.wav,Bark,1,33,CC0
d.wav,Hi-hat,0,11,CC0
"""
ANSWERS = "fname,label,usage,freesound_id,license\ny.wav,Bark,Private,7,CC0\nx.wav,Rain,Public,8,CC0\n"
SAMPLE = (
    "fname,label\nx.wav,Laughter Hi-hat Flute\npad.wav,Laughter Hi-hat Flute\ny.wav,Laughter Hi-hat Flute\n"
)


def fill(folder, names):
    folder.mkdir()
    for name in names:
        (folder / f"{name}.wav").touch()


@pytest.fixture
def zenodo(tmp_path):
    fill(tmp_path / "FSDKaggle2018.audio_train", "abcd")
    fill(tmp_path / "FSDKaggle2018.audio_test", "xy")
    (tmp_path / META).mkdir()
    (tmp_path / META / "train_post_competition.csv").write_text(ZENODO_TRAIN)
    (tmp_path / META / SCORING).write_text(ANSWERS)
    return tmp_path


@pytest.fixture
def kaggle(tmp_path):
    fill(tmp_path / "audio_train", "abcd")
    fill(tmp_path / "audio_test", ["x", "y", "pad"])
    (tmp_path / "train.csv").write_text(TRAIN)
    (tmp_path / "sample_submission.csv").write_text(SAMPLE)
    return tmp_path


def read(root, **settings):
    return read_dataset(DatasetSettings(layout="fsdkaggle2018", root=str(root), **settings))


def message(root):
    with pytest.raises(DatasetError) as error:
        read(root)
    return str(error.value)


def test_zenodo_release(zenodo):
    data = read(zenodo)
    assert data.classes == ("Bark", "Hi-hat", "Rain")
    assert (data.task, data.sample_submission) == ("multilabel", None)
    assert list(data.clips.columns) == ["fname", "path", "labels", "split", "group"]
    assert list(data.clips.index) == list(range(6))
    assert all(path.is_file() for path in data.clips["path"])
    np.testing.assert_array_equal(data.targets(data.of("test")), [[1, 0, 0], [0, 0, 1]])
    assert data.usage == {"y.wav": "Private", "x.wav": "Public"}


@pytest.mark.parametrize("layout", ["zenodo", "kaggle"])
def test_checked_labels_are_curated_and_the_others_noisy(layout, request):
    data = read(request.getfixturevalue(layout))
    assert list(data.of("curated")["fname"]) == ["a.wav", "c.wav"]
    assert list(data.of("curated")["labels"]) == [("Rain",), ("Bark",)]
    assert list(data.of("noisy")["fname"]) == ["b.wav", "d.wav"]


def test_clips_of_one_freesound_number_are_a_group(zenodo):
    assert list(read(zenodo).clips["group"]) == ["11", "22", "33", "11", "", ""]


def test_kaggle_download_has_no_groups_and_no_answers(kaggle):
    data = read(kaggle)
    assert set(data.clips["group"]) == {""}
    assert list(data.of("test")["fname"]) == ["x.wav", "pad.wav", "y.wav"]
    assert set(data.of("test")["labels"]) == {()}
    assert (data.usage, data.sample_submission) == ({}, None)
    assert all(path.is_file() for path in data.clips["path"])


def test_with_the_answers_the_padding_of_the_kaggle_download_drops_out(kaggle):
    (kaggle / SCORING).write_text(ANSWERS)
    data = read(kaggle)
    assert list(data.of("test")["fname"]) == ["y.wav", "x.wav"]
    assert list(data.of("test")["labels"]) == [("Bark",), ("Rain",)]


def test_exclude_leaves_the_test_clips_alone(zenodo):
    assert list(read(zenodo, exclude=["b.wav", "x.wav"]).clips["fname"]) == [
        "a.wav",
        "c.wav",
        "d.wav",
        "y.wav",
        "x.wav",
    ]


@pytest.mark.parametrize("missing", ["train_post_competition.csv", SCORING])
def test_missing_table_shows_both_trees(zenodo, missing):
    (zenodo / META / missing).unlink()
    text = message(zenodo)
    assert text.startswith(f"no FSDKaggle2018 data at {zenodo}: '{zenodo / META / missing}' missing")
    assert "zenodo.org/records/2552860" in text
    assert "freesound-audio-tagging/data" in text
    assert "{root}" not in text


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("manually_verified", "verified", "add manually_verified"),
        ("Rain,1", "Rain,yes", "expected manually_verified of 0 or 1, received 'yes'"),
        ("Rain,1", ",1", "expected one label or more for 'a.wav', received an empty one"),
        ("b.wav", "../b.wav", "expected file names without a folder, received '../b.wav'"),
        ("b.wav", "a.wav", "received 'a.wav' more than once"),
    ],
)
def test_wrong_training_table(zenodo, old, new, expected):
    (zenodo / META / "train_post_competition.csv").write_text(ZENODO_TRAIN.replace(old, new, 1))
    assert expected in message(zenodo)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("Bark", "Brak", "received 'Brak' for 'y.wav'. Did you mean: 'Bark'?"),
        ("Private", "None", "expected a usage of Public or Private, received 'None'"),
        ("y.wav", "/y.wav", "expected file names without a folder, received '/y.wav'"),
    ],
)
def test_wrong_answers(zenodo, old, new, expected):
    (zenodo / META / SCORING).write_text(ANSWERS.replace(old, new, 1))
    assert expected in message(zenodo)
