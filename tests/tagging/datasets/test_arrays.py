"""The reader of arrays: parts, rows, labels as text, and nothing that would need pickle."""

import numpy as np
import pytest

from preprocessing.stored import read_stored
from tagging.datasets import read_dataset
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import DatasetError

LABELS = {"train": ["rock", "pop", "rock"], "val": ["pop", "blues"], "test": ["rock"]}


def write(root, shape=(20, 13), labels=None, kind="U", features=""):
    rng = np.random.default_rng(0)
    for part, names in (labels or LABELS).items():
        folder = root / part / features
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "X.npy", rng.random((len(names), *shape), np.float32))
        np.save(folder / "labels.npy", np.array(names, kind))
    return root


def read(root, **settings):
    return read_dataset(DatasetSettings(layout="arrays", root=str(root), **settings))


def message(root):
    with pytest.raises(DatasetError) as error:
        read(root)
    return str(error.value)


@pytest.mark.parametrize("shape", [(20, 13), (26,), (21, 128)])
@pytest.mark.parametrize("kind", ["U", "S"])
def test_rows_are_clips_of_whatever_shape(tmp_path, shape, kind):
    data = read(write(tmp_path, shape, kind=kind))
    assert (data.classes, data.task) == (("blues", "pop", "rock"), "multiclass")
    assert list(data.clips["fname"]) == [
        "train-000000",
        "train-000001",
        "train-000002",
        "val-000000",
        "val-000001",
        "test-000000",
    ]
    assert list(data.clips["labels"]) == [(label,) for part in LABELS.values() for label in part]
    assert list(data.clips["split"]) == ["train"] * 5 + ["test"]
    assert list(data.clips["validates"]) == [False, False, False, True, True, False]
    for clip in data.clips.itertuples():
        np.testing.assert_array_equal(
            read_stored(clip.path, clip.row, clip.key), np.load(clip.path, allow_pickle=False)[clip.row]
        )
        assert read_stored(clip.path, clip.row, clip.key).shape == shape


def test_the_hold_out_may_be_called_validation(tmp_path):
    write(tmp_path).joinpath("val").rename(tmp_path / "validation")
    data = read(tmp_path)
    assert list(data.clips["validates"]) == [False, False, False, True, True, False]
    assert list(data.clips["fname"])[3:5] == ["val-000000", "val-000001"], "as in the other studies' files"
    assert data.clips["path"][3] == tmp_path / "validation" / "X.npy"
    write(tmp_path)
    assert "expected one folder of val, validation, received both; remove one" in message(tmp_path)


def test_only_train_must_be_there(tmp_path):
    data = read(write(tmp_path, labels={"train": ["a", "b"]}))
    assert list(data.clips["fname"]) == ["train-000000", "train-000001"]
    assert "validates" not in data.clips


def test_several_kinds_of_features_of_the_same_clips(tmp_path):
    write(tmp_path, (26,), features="mfccs")
    write(tmp_path, (21, 128), features="melgrams")
    for features, shape in {"mfccs": (26,), "melgrams": (21, 128)}.items():
        data = read(tmp_path, features=features)
        assert list(data.clips["validates"]) == [False, False, False, True, True, False]
        clip = data.clips.iloc[0]
        assert clip["path"] == tmp_path / "train" / features / "X.npy"
        assert read_stored(clip["path"], clip["row"], clip["key"]).shape == shape
    assert "'train/X.npy'" in message(tmp_path)
    assert "dataset.features=NAME" in message(tmp_path)
    (tmp_path / "test" / "mfccs" / "labels.npy").unlink()
    with pytest.raises(DatasetError, match=r"'test/mfccs/labels\.npy' missing"):
        read(tmp_path, features="mfccs")


def test_labels_beyond_ascii(tmp_path):
    write(tmp_path, labels={"train": ["música", "ruído"]})
    assert read(tmp_path).classes == ("música", "ruído")
    np.save(tmp_path / "train" / "labels.npy", np.array(["música".encode(), b"b"]))
    assert read(tmp_path).classes == ("b", "música")


@pytest.mark.parametrize("missing", ["train", "train/X.npy", "test/labels.npy"])
def test_a_missing_file_shows_the_tree(tmp_path, missing):
    write(tmp_path).joinpath(missing).rename(tmp_path / "elsewhere")
    text = message(tmp_path)
    assert text.startswith(f"no arrays at {tmp_path}: '{missing}")
    assert f"Expected:\n    {tmp_path}/\n        train/    X.npy" in text


@pytest.mark.parametrize(
    ("name", "array", "expected"),
    [
        ("X", np.zeros((2, 20, 13)), "expected 2 labels, one for each row of X.npy, received shape (3,)"),
        ("X", np.zeros((3, 20, 12)), "expected clips of one shape in all parts"),
        ("X", np.zeros(3), "received float64 of shape (3,)"),
        ("X", np.zeros((0, 20, 13)), "received float64 of shape (0, 20, 13)"),
        ("X", np.zeros((3, 20, 13), complex), "received complex128"),
        ("labels", np.array([0, 1, 2]), "expected strings, received int64; if you trust the file"),
        ("labels", np.array(["a", "", "b"]), "received an empty one in row 1"),
        ("labels", np.array([["a", "b", "c"]]), "received shape (1, 3)"),
        ("labels", np.array([b"\xff", b"a", b"b"]), "expected UTF-8"),
    ],
)
def test_wrong_arrays(tmp_path, name, array, expected):
    np.save(write(tmp_path) / "train" / f"{name}.npy", array)
    text = message(tmp_path)
    assert expected in text
    assert "\n" not in text


def test_objects_are_not_loaded_and_the_message_says_how_to_convert(tmp_path, monkeypatch):
    path = write(tmp_path) / "train" / "labels.npy"
    np.save(path, np.array(LABELS["train"], object), allow_pickle=True)
    text = message(tmp_path)
    assert "received Python objects, which are not loaded; if you trust the file, convert it once: " in text
    monkeypatch.chdir(path.parent)
    exec(text.split("once: ")[1], {})  # noqa: S102
    assert read(tmp_path).classes == ("blues", "pop", "rock")


@pytest.mark.parametrize("content", [b"", b"not an array", b"\x93NUMPY\x01\x00v\x00{'descr': '<f4'"])
def test_broken_files(tmp_path, content):
    (write(tmp_path) / "val" / "X.npy").write_bytes(content)
    assert "expected a whole .npy file" in message(tmp_path)
    cut = (tmp_path / "train" / "X.npy").read_bytes()[:-4]
    (tmp_path / "train" / "X.npy").write_bytes(cut)
    assert "train/X.npy: expected a whole .npy file" in message(tmp_path)
