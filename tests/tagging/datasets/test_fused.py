"""The reader of fused features: lists of genres and moods, by tab, comma or space, and names that differ from disk."""

import gzip
import io
import math

import numpy as np
import pytest

from preprocessing.stored import read_stored
from tagging.datasets import read_dataset
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import DatasetError

TRAIN = "Id\tGenre\n1.fused.full.npy.gz\tRock\n22.fused.full.npy.gz\tHip-Hop\n3.fused.full.npy.gz\tRock\n"
TEST = "Id\tGenre\n40.full.fused.npy.gz\tHip-Hop\n"
MOOD = "Id,valence,energy,danceability\n1,0.25,0.5,1\n22,0,1e-1,0.75\n3,.5,.5,.5\n"
ARRAY = np.arange(140 * 3, dtype=np.float32).reshape(140, 3)


def save(path, packed=True):
    path.parent.mkdir(exist_ok=True)
    buffer = io.BytesIO()
    np.save(buffer, ARRAY)
    path.write_bytes(gzip.compress(buffer.getvalue()) if packed else buffer.getvalue())


def write(root, train=TRAIN, test=TEST):
    for text, name in ((train, "train"), (test, "test")):
        if text is not None:
            (root / f"{name}_labels.txt").write_text(text)
    for number in (1, 22):
        save(root / "train" / f"{number}.fused.full.npy.gz")
    save(root / "train" / "3.fused.full.npy", packed=False)
    save(root / "test" / "40.fused.full.npy.gz")
    return root


def read(root, **settings):
    return read_dataset(DatasetSettings(layout="fused", root=str(root), **settings))


def message(root, **settings):
    with pytest.raises(DatasetError) as error:
        read(root, **settings)
    return str(error.value)


def test_genres_and_their_files(tmp_path):
    data = read(write(tmp_path))
    assert (data.classes, data.task) == (("Hip-Hop", "Rock"), "multiclass")
    assert list(data.clips.columns) == ["fname", "path", "labels", "split", "group"]
    assert list(data.clips["fname"]) == ["1", "22", "3", "40"]
    assert list(data.clips["labels"]) == [("Rock",), ("Hip-Hop",), ("Rock",), ("Hip-Hop",)]
    assert list(data.clips["split"]) == ["train", "train", "train", "test"]
    for path in data.clips["path"]:
        np.testing.assert_array_equal(read_stored(path), ARRAY)


@pytest.mark.parametrize(
    "train",
    [
        "Id,Genre\n1,Rock\n22,Hip-Hop\n3,Rock\n",
        "\ufeffid\tgenre\r\n1.fused.full.npy\tRock\r\n\r\n22\tHip-Hop\r\n3\tRock",
        "1.beatsync.fused.npy Rock\n22.x   Hip-Hop\n3 Rock\n",
        "1.npy\tRock\n22.npy\tHip-Hop\n3.npy\tRock\n",
    ],
)
def test_ways_to_write_a_list(tmp_path, train):
    data = read(write(tmp_path, train, test=None))
    assert dict(zip(data.clips["fname"], data.clips["labels"], strict=True)) == {
        "1": ("Rock",),
        "22": ("Hip-Hop",),
        "3": ("Rock",),
    }


def test_a_genre_of_two_words(tmp_path):
    assert read(write(tmp_path, "1 Easy Listening\n22 Rock\n", None)).classes == ("Easy Listening", "Rock")


def test_lists_and_arrays_side_by_side(tmp_path):
    (tmp_path / "x").mkdir()
    write(tmp_path / "x", test=None)
    for path in (tmp_path / "x" / "train").iterdir():
        path.rename(tmp_path / path.name)
    (tmp_path / "x" / "train_labels.txt").rename(tmp_path / "train_labels.txt")
    assert all(path.parent == tmp_path and path.is_file() for path in read(tmp_path).clips["path"])


def test_lists_inside_the_folders_of_the_arrays(tmp_path):
    write(tmp_path)
    for split in ("train", "test"):
        (tmp_path / f"{split}_labels.txt").rename(tmp_path / split / f"{split}_labels.txt")
    assert len(read(tmp_path).clips) == 4


def test_a_packed_array_next_to_its_unpacked_one_is_no_second_clip(tmp_path):
    save(write(tmp_path) / "train" / "3.fused.full.npy.gz")
    assert read(tmp_path).clips["path"][2].name == "3.fused.full.npy"
    save(tmp_path / "train" / "3.mel.npy")
    assert "received 3.fused.full.npy and 3.mel.npy" in message(tmp_path)


def test_a_listed_clip_without_a_file_stays_to_be_reported_as_missing(tmp_path):
    (write(tmp_path) / "train" / "22.fused.full.npy.gz").unlink()
    path = read(tmp_path).clips["path"][1]
    assert path == tmp_path / "train" / "22.fused.full.npy"
    assert not path.exists()


def test_merging_and_dropping_as_in_the_study(tmp_path):
    train = "1\tPsych-Rock\n22\tRock\n3\tIndie-Rock\n"
    data = read(write(tmp_path, train, "40\tFolk\n"), merge={"Psych-Rock": "Rock"}, drop=["Indie-Rock"])
    assert data.classes == ("Folk", "Rock")
    assert list(data.clips["labels"]) == [("Rock",), ("Rock",), ("Folk",)]


def test_captions_are_the_genre_or_the_moods(tmp_path):
    assert read(write(tmp_path)).captions == ["Rock", "Hip-Hop", "Rock", "Hip-Hop"]
    moods = read(write(tmp_path, MOOD, "Id\n40\n")).captions
    assert moods[1:] == [
        "valence 0, energy 0.1, danceability 0.75",
        "valence 0.5, energy 0.5, danceability 0.5",
        "",
    ]


def test_moods_are_values(tmp_path):
    data = read(write(tmp_path, MOOD, None))
    assert (data.classes, data.task) == (("valence", "energy", "danceability"), "regression")
    assert list(data.clips["labels"]) == [(), (), ()]
    np.testing.assert_array_equal(
        data.targets(data.clips), np.float32([[0.25, 0.5, 1], [0, 0.1, 0.75], [0.5, 0.5, 0.5]])
    )
    assert set(data.clips["split"]) == {"train"}


def test_some_targets_in_their_own_order(tmp_path):
    data = read(write(tmp_path, MOOD, None), targets=["danceability", "valence"])
    assert data.classes == ("danceability", "valence")
    assert list(data.clips["values"]) == [(1.0, 0.25), (0.75, 0.0), (0.5, 0.5)]


@pytest.mark.parametrize(
    "test", ["Id\n40\n", "40.fused.full.npy.gz\n", "Id,valence,energy,danceability\n40,,,\n"]
)
def test_test_clips_without_values(tmp_path, test):
    data = read(write(tmp_path, MOOD, test))
    clips = data.of("test")
    assert list(clips["fname"]) == ["40"]
    assert all(map(math.isnan, clips["values"][0]))
    assert not data.answered(clips).any()


def test_test_clips_with_values(tmp_path):
    data = read(write(tmp_path, MOOD, MOOD.splitlines()[0] + "\n40,.1,.2,.3\n"), targets=["energy"])
    assert list(data.of("test")["values"]) == [(0.2,)]
    assert data.answered(data.of("test")).all()


def test_genres_of_test_clips_may_be_unknown(tmp_path):
    assert list(read(write(tmp_path, TRAIN, "Id\n40\n")).of("test")["labels"]) == [()]


@pytest.mark.parametrize(
    ("train", "test", "settings", "expected"),
    [
        ("", None, {}, "received none"),
        ("Id\tGenre\n", None, {}, "received none"),
        ("1\tRock\textra\n", None, {}, "received 3 in line 1"),
        (
            "Id\tGenre\n1\tRock\n\n1.npy\tRock\n",
            None,
            {},
            "expected each clip once, received '1' again in line 4",
        ),
        ("1\tRock\n../22\tRock\n", None, {}, "expected a file's name in line 2, received '../22'"),
        ("1\tRock\n22\n", None, {}, "expected an answer for each clip, received none for '22'"),
        (TRAIN, None, {"targets": ["valence"]}, "received genres; remove the key"),
        (MOOD, None, {"targets": ["valance"]}, "received 'valance'. Did you mean: 'valence'?"),
        (MOOD.replace("1e-1", "much"), None, {}, "expected a finite number for '22', received 'much'"),
        (MOOD.replace("1e-1", "inf"), None, {}, "expected a finite number for '22', received 'inf'"),
        (MOOD.replace("1e-1", ""), None, {}, "expected an answer for each clip, received none for '22'"),
        (
            MOOD,
            "Id,energy,valence,danceability\n40,1,2,3\n",
            {},
            "expected the header of train_labels.txt (valence, ",
        ),
        (
            MOOD,
            "Id,valence,energy,danceability\n40,1\n",
            {},
            "received 2 in line 2",
        ),
        (MOOD, "40,1\n", {}, "after Id), received none; correct it"),
        (MOOD.replace("energy", "valence"), None, {}, "expected each column once"),
    ],
)
def test_wrong_lists(tmp_path, train, test, settings, expected):
    text = message(write(tmp_path, train, test), **settings)
    assert expected in text
    assert "\n" not in text


def test_other_bytes(tmp_path):
    (write(tmp_path) / "train_labels.txt").write_bytes(b"\xff\xfe1\tRock")
    assert "expected UTF-8" in message(tmp_path)


def test_no_data_shows_the_tree(tmp_path):
    text = message(tmp_path)
    assert text.startswith(
        f"no fused features at {tmp_path}: no train_labels.txt. Expected:\n    {tmp_path}/"
    )
    (tmp_path / "train_labels.txt").write_text(TRAIN)
    assert "no file of '1', '22', '3'. Expected:\n" in message(tmp_path)
