"""The reader of mel features in HDF5: groups, kinds of labels, and rows that the stored reader finds."""

import h5py
import numpy as np
import pytest

from preprocessing.stored import read_stored
from tagging.datasets import read_dataset
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import DatasetError

FILE = "fma_mel_features.h5"
SIZES = {"train": 4, "val": 2, "test": 3}
Y = {"train": ["Rock", "Folk", "Rock", "Folk"], "val": ["Folk", "Rock"], "test": ["Rock", "Rock", "Jazz"]}


def features(part):
    return np.random.default_rng(SIZES[part]).random((SIZES[part], 5, 8)).astype(np.float32)


def write(root, names=None, y=None, genres=None, **more):
    """Parts by the names of their groups, `y` by part."""
    with h5py.File(root / FILE, "w") as file:
        for part, name in (names or {part: part for part in SIZES}).items():
            file[f"{name}/X"] = more.get("x", features(part))
            file[f"{name}/y"] = (y or Y)[part]
        if genres == "attribute":
            file.attrs["genres"] = ["Folk", "Rock", "Jazz", "Pop"]
        elif genres:
            file["genres"] = genres
    return root


def read(root, **settings):
    return read_dataset(DatasetSettings(layout="fma_features", root=str(root), **settings))


def message(root):
    with pytest.raises(DatasetError) as error:
        read(root)
    return str(error.value)


def test_rows_are_clips(tmp_path):
    data = read(write(tmp_path))
    assert (data.classes, data.task) == (("Folk", "Jazz", "Rock"), "multiclass")
    assert list(data.clips["fname"])[3:6] == ["train-000003", "val-000000", "val-000001"]
    assert list(data.clips["split"]) == ["train"] * 6 + ["test"] * 3
    assert list(data.clips["validates"]) == [False] * 4 + [True] * 2 + [False] * 3
    assert list(data.clips["labels"]) == [(label,) for part in Y.values() for label in part]


def test_row_and_key_find_the_features(tmp_path):
    for clip in read(write(tmp_path)).clips.itertuples():
        part, row = clip.fname.split("-")
        np.testing.assert_array_equal(read_stored(clip.path, clip.row, clip.key), features(part)[int(row)])


def test_long_names_of_groups(tmp_path):
    data = read(write(tmp_path, {"train": "training", "val": "validation", "test": "test"}))
    assert list(data.clips["key"])[::4] == ["training/X", "validation/X", "test/X"]
    assert list(data.clips["fname"])[4] == "val-000000"


def test_a_hold_out_and_test_clips_may_be_absent(tmp_path):
    data = read(write(tmp_path, {"train": "train"}), exclude=["train-000001"])
    assert list(data.clips["fname"]) == ["train-000000", "train-000002", "train-000003"]
    assert "validates" not in data.clips


@pytest.mark.parametrize(
    "genres", ["attribute", ["Folk", "Rock", "Jazz", "Pop"], [b"Folk", b"Rock", b"Jazz", b"Pop"]]
)
def test_numbers_with_names(tmp_path, genres):
    y = {"train": np.array([1, 0, 1, 0], np.int64), "val": np.uint8([0, 1]), "test": [1, 1, 2]}
    data = read(write(tmp_path, y=y, genres=genres))
    assert data.classes == ("Folk", "Rock", "Jazz", "Pop")
    assert list(data.clips["labels"]) == [(label,) for part in Y.values() for label in part]


def test_numbers_without_names_are_sorted_by_size(tmp_path):
    data = read(write(tmp_path, y={"train": [10, 2, 10, 2], "val": [2, 9], "test": [9, 10, 2]}))
    assert data.classes == ("2", "9", "10")
    assert data.clips["labels"][0] == ("10",)


def test_strings_of_a_fixed_length(tmp_path):
    data = read(write(tmp_path, y={part: np.array(names, "S") for part, names in Y.items()}))
    assert data.classes == ("Folk", "Jazz", "Rock")


def test_no_file_and_no_group_show_what_is_expected(tmp_path):
    assert message(tmp_path).startswith(f"no {FILE} at {tmp_path}. Expected:\n    {tmp_path}/\n")
    write(tmp_path, {"test": "test"})
    assert "expected a group train, received 'test'. Expected:\n" in message(tmp_path)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"x": np.zeros((4, 5))}, "received float64 of shape (4, 5)"),
        ({"x": np.zeros((4, 5, 8), "S1")}, "expected numbers of shape (clips, frames, bands)"),
        ({"x": np.zeros((5, 5, 8))}, "expected a label for each of 5 clips, received shape (4,)"),
        ({"y": {"train": np.eye(4)}}, "received shape (4, 4)"),
        ({"y": {"train": [0.5, 1, 2, 3]}}, "expected strings or whole numbers, received float64"),
        ({"y": {"train": [0, 1, -1, 1]}}, "expected numbers from 0"),
        ({"y": {"train": [0, 1, 2, 4]}, "genres": "attribute"}, "expected numbers from 0 to 3, received '4'"),
        (
            {"y": {"train": ["Rock", "Rok", "Folk", "Rock"]}, "genres": "attribute"},
            "out of genres, received 'Rok'",
        ),
        ({"y": {"train": ["Rock", "", "Folk", "Rock"]}}, "received an empty one in row 1"),
        ({"y": {"train": [b"\xff", b"a", b"b", b"c"]}}, "received another or a broken one"),
        ({"genres": [1, 2]}, "expected genres of strings"),
        ({"genres": ["Rock", "Rock"]}, "expected genres of strings, each once"),
    ],
)
def test_wrong_arrays(tmp_path, parts, expected):
    text = message(write(tmp_path, {"train": "train"}, **parts))
    assert expected in text
    assert "\n" not in text


def test_other_files_are_refused(tmp_path):
    (tmp_path / FILE).write_bytes(b"not HDF5")
    assert "expected an HDF5 file" in message(tmp_path)


def test_features_that_lie_in_another_file_are_refused(tmp_path):
    (tmp_path / "other").mkdir()
    write(tmp_path / "other")
    with h5py.File(tmp_path / FILE, "w") as file:
        file["train"] = h5py.ExternalLink(f"other/{FILE}", "/train")
    assert "expected X and y in this file" in message(tmp_path)


def test_a_group_without_labels(tmp_path):
    with h5py.File(tmp_path / FILE, "w") as file:
        file["train/X"] = features("train")
    assert "train: expected datasets X and y in the group" in message(tmp_path)
    with h5py.File(tmp_path / FILE, "w") as file:
        file["train"] = features("train")
    assert "train: expected datasets X and y in the group" in message(tmp_path)
