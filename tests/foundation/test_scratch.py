"""Temporary folders: removed at the end, and after a kill by whoever comes next."""

import errno
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from foundation import locks, scratch
from foundation.scratch import scratch_folder

MARK = ".audio-tagging-scratch"
KILLED = """
import os, pathlib, sys
from foundation.scratch import scratch_folder
with scratch_folder("unpacked-", pathlib.Path(sys.argv[1])) as folder:
    (folder / "big.wav").write_text("x")
    os._exit(9)
"""


def test_it_is_removed_at_the_end_and_after_an_error(tmp_path):
    with scratch_folder("unpacked-", tmp_path) as folder:
        (folder / "a.wav").write_text("x")
    with pytest.raises(KeyboardInterrupt), scratch_folder("unpacked-", tmp_path):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_that_of_a_killed_process_is_removed_by_the_next_one(tmp_path):
    code = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False).returncode  # noqa: S603
    assert (code, len(list(tmp_path.iterdir()))) == (9, 1)
    (mark,) = tmp_path.glob("*/.audio-tagging-scratch")
    with scratch_folder("unpacked-", tmp_path):
        assert mark.is_file(), "so young that it might not be locked yet"
    os.utime(mark, (0, 0))
    with scratch_folder("unpacked-", tmp_path) as folder:
        assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("system", [None, "without"])
def test_without_locks_nothing_is_removed(tmp_path, monkeypatch, system):
    """On Windows, and on file systems that refuse locks."""

    def refuse(*_):
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(locks, "fcntl", system and SimpleNamespace(flock=refuse, LOCK_EX=1, LOCK_NB=2))
    with scratch_folder("unpacked-", tmp_path) as first:
        os.utime(first / MARK, (0, 0))
        with scratch_folder("unpacked-", tmp_path):
            assert first.is_dir()


def test_a_folder_that_is_being_made_is_not_locked_by_others(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(scratch, "is_free", lambda mark: bool(asked.append(mark)))
    with scratch_folder("unpacked-", tmp_path), scratch_folder("unpacked-", tmp_path):
        assert asked == []


def test_folders_in_use_and_those_of_others_stay(tmp_path):
    theirs = tmp_path / "unpacked-by-me"
    theirs.mkdir()
    (theirs / "mine.wav").write_text("x")
    with scratch_folder("unpacked-", tmp_path) as first:
        os.utime(first / MARK, (0, 0))
        with scratch_folder("unpacked-", tmp_path) as second:
            assert first.is_dir()
            assert second.is_dir()
    assert [path.name for path in theirs.iterdir()] == ["mine.wav"]
