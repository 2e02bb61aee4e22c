"""Clean names stay in their folder, and files appear whole or not at all."""

from pathlib import Path

import pytest

from foundation.files import write_atomic
from foundation.parts import sweep_parts
from preprocessing.folder import CleanFolderError, clean_path


@pytest.mark.parametrize(
    ("fname", "clean"),
    [
        ("a.wav", "a.wav"),
        ("A.WAV", "A.WAV"),
        ("a.ogg", "a.ogg.wav"),
        ("blues/b 1.mp3", "blues/b 1.mp3.wav"),
        ("trébol \"x\", 'y'.wav", "trébol \"x\", 'y'.wav"),
        ("..wav", "..wav"),
    ],
)
def test_clean_names(fname, clean):
    assert clean_path("clean", "test", fname) == Path("clean/test") / clean


@pytest.mark.parametrize(
    ("fname", "clean"), [("a.wav", "a.wav.npy"), ("a.npy", "a.npy"), ("a.npy.gz", "a.npy.gz.npy")]
)
def test_clean_names_of_features(fname, clean):
    assert clean_path("clean", "test", fname, ".npy") == Path("clean/test") / clean


@pytest.mark.parametrize(
    "fname", ["../a.wav", "x/../../a.wav", "/etc/a.wav", "a\0.wav", "a" * 252 + ".wav", ".part-1"]
)
def test_names_that_leave_the_folder_or_cannot_be(fname):
    with pytest.raises(CleanFolderError, match="expected"):
        clean_path("clean", "test", fname)


@pytest.mark.parametrize("split", ["..", "/etc", ""])
def test_splits_that_leave_the_folder(split):
    with pytest.raises(CleanFolderError, match="expected a file name inside"):
        clean_path("clean", split, "a.wav")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.wav"
    write_atomic(path, b"old")

    def fail(self, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_sweeping_takes_only_half_written_files(tmp_path):
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / ".part-77").touch()
    (tmp_path / "test" / "a.wav").touch()
    sweep_parts(tmp_path)
    assert [path.name for path in (tmp_path / "test").iterdir()] == ["a.wav"]
