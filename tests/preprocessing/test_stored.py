"""Ready-made features are read from every kind of file, and everything else ends in one line."""

import gzip
import os
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from preprocessing import npy
from preprocessing.errors import DecodeError
from preprocessing.feature_settings import FeatureSettings
from preprocessing.stored import as_steps, read_stored

FUSED = np.random.default_rng(0).normal(size=(140, 9)).astype(np.float32)
MANY = np.random.default_rng(1).normal(size=(5, 20, 13))


def refusal(path, row=-1, key="") -> str:
    with pytest.raises(DecodeError) as error:
        read_stored(Path(path), row, key)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.fixture
def h5(tmp_path) -> Path:
    path = tmp_path / "mel.h5"
    with h5py.File(path, "w") as file:
        file["train/X"] = MANY
        file["train/labels"] = np.array([b"rock", b"pop"])
        file.create_dataset("packed", data=MANY, chunks=(5, 20, 13), compression="gzip")
        file["vectors"] = MANY[:, 0]
        file["scalar"] = 3.0
    return path


def test_whole_files_packed_or_not(tmp_path):
    np.save(tmp_path / "a.npy", FUSED)
    (tmp_path / "b.npy").write_bytes(gzip.compress((tmp_path / "a.npy").read_bytes()))  # whatever its name
    for name in ("a.npy", "b.npy"):
        values = read_stored(tmp_path / name)
        assert values.dtype == np.float32
        np.testing.assert_array_equal(values, FUSED)


@pytest.mark.parametrize("array", [MANY, MANY[:, 0]])
def test_a_row_of_an_array_file(tmp_path, array):
    np.save(tmp_path / "X.npy", array)
    for row in (0, 4):
        np.testing.assert_array_equal(read_stored(tmp_path / "X.npy", row), np.float32(array[row]))
    assert (
        refusal(tmp_path / "X.npy", 5) == f"expected a row of an array of shape {array.shape}, received row 5"
    )


@pytest.mark.parametrize("key", ["train/X", "packed", "vectors"])
def test_a_row_of_an_hdf5_dataset(h5, key):
    expected = MANY[3, 0] if key == "vectors" else MANY[3]
    np.testing.assert_array_equal(read_stored(h5, 3, key), np.float32(expected))


def test_a_whole_hdf5_dataset(h5):
    np.testing.assert_array_equal(read_stored(h5, -1, "vectors"), np.float32(MANY[:, 0]))


def test_keys_and_rows_that_are_not_there(h5, tmp_path):
    assert refusal(h5, 0, "test/X") == (
        "expected an HDF5 dataset 'test/X', the file's top level has ['packed', 'scalar', 'train', 'vectors']"
    )
    assert "expected an HDF5 dataset ''" in refusal(h5, 0)
    assert "dataset 'train'" in refusal(h5, 0, "train")
    assert "received row 9" in refusal(h5, 9, "packed")
    assert "of shape (), received row 0" in refusal(h5, 0, "scalar")
    assert "expected real numbers" in refusal(h5, 0, "train/labels")
    np.save(tmp_path / "X.npy", MANY)
    assert "names the dataset 'x'" in refusal(tmp_path / "X.npy", 0, "x")


def test_values_outside_the_file_are_not_read(tmp_path, h5):
    with h5py.File(tmp_path / "links.h5", "w") as file:
        file["link"] = h5py.ExternalLink(str(h5), "train/X")
        raw = file.create_dataset("raw", (4,), "f4", external=[(str(h5), 0, 16)])
        assert raw.external
    for key in ("link", "raw"):
        assert "in another" in refusal(tmp_path / "links.h5", -1, key)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_values_that_are_not_finite_are_refused_and_counted(tmp_path, value):
    array = np.zeros((3, 4))
    array[1, 2] = value
    np.save(tmp_path / "a.npy", array)
    assert refusal(tmp_path / "a.npy") == "expected finite features, received 1 of 12 NaN or infinite"


def test_broken_and_other_files_are_one_line(tmp_path, h5):
    np.save(tmp_path / "a.npy", MANY)
    whole = (tmp_path / "a.npy").read_bytes()
    packed = gzip.compress(whole)
    files = {
        "cut.npy": whole[:-9],
        "cut.npy.gz": packed[:-9],
        "bad.npy.gz": packed[:40] + b"\0" * 8 + packed[48:],
        "text.npy.gz": gzip.compress(b"no array"),
        "header.npy": whole[:20],
        "cut.h5": h5.read_bytes()[:600],
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        reason = refusal(tmp_path / name, 0 if name == "cut.npy" else -1, "packed" if ".h5" in name else "")
        assert reason.startswith("expected"), name
    (tmp_path / "a.txt").write_text("text")
    assert "another kind of file" in refusal(tmp_path / "a.txt")
    assert "does not exist" in refusal(tmp_path / "gone.npy")
    assert "received a folder" in refusal(tmp_path)


def test_a_pickled_array_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[1, None]], object), allow_pickle=True)
    for row in (-1, 0):
        assert "pickles are never loaded" in refusal(tmp_path / "a.npy", row)


def test_no_more_is_unpacked_than_a_clip_may_have(tmp_path, monkeypatch):
    np.save(tmp_path / "zeros.npy", np.zeros((1_000, 1_000), np.uint8))
    (tmp_path / "bomb.npy.gz").write_bytes(gzip.compress((tmp_path / "zeros.npy").read_bytes()))
    assert read_stored(tmp_path / "bomb.npy.gz").shape == (1_000, 1_000)
    monkeypatch.setattr(npy, "MAX_VALUES", 10**6 - 1)
    for name in ("bomb.npy.gz", "zeros.npy"):
        assert "at most 999999 values, received shape (1000, 1000)" in refusal(tmp_path / name)
    assert read_stored(tmp_path / "zeros.npy", 3).shape == (1_000,)
    assert "unpack it with gunzip" in refusal(tmp_path / "bomb.npy.gz", 3)


def test_a_large_file_is_opened_once_and_a_changed_one_anew(tmp_path, h5):
    path = tmp_path / "X.npy"
    np.save(path, np.zeros((3_000, 20, 13), np.float32))
    start = time.process_time()
    for row in range(3_000):
        read_stored(path, row)
        read_stored(h5, row % 5, "packed")
    assert time.process_time() - start < 3  # 0.6 s where it was written
    np.save(path, np.ones((3_000, 20, 13), np.float32))
    os.utime(path, ns=(1, 1))
    assert read_stored(path, 7).min() == 1


def test_orientation_and_bands():
    stored = FeatureSettings(name="stored")
    assert as_steps(FUSED[:, 0], stored).shape == (1, 140)
    assert as_steps(FUSED, stored).shape == (140, 9)
    np.testing.assert_array_equal(as_steps(FUSED, FeatureSettings(name="stored", transpose=True)), FUSED.T)
    chroma = FeatureSettings(name="stored", transpose=True, bands=[128, 140])
    np.testing.assert_array_equal(as_steps(FUSED, chroma), FUSED[128:].T)
    np.testing.assert_array_equal(as_steps(FUSED[:, 0], chroma), FUSED[None, 128:, 0])
    with pytest.raises(DecodeError, match=r"expected 140 bands or more.* received 9 .*transpose=true"):
        as_steps(FUSED, FeatureSettings(name="stored", bands=[128, 140]))
