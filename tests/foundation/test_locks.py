"""Locks between processes: one alone, or many together."""

import pytest

from foundation.locks import BusyError, locked, shared_lock


def test_one_has_it_alone(tmp_path):
    with (
        locked(tmp_path / "lock", "training x"),
        pytest.raises(BusyError, match="another process is training x: wait for it"),
        locked(tmp_path / "lock", "training x"),
    ):
        pass
    with locked(tmp_path / "lock", "training x"):
        pass


def test_many_share_it_and_keep_out_who_wants_it_alone(tmp_path):
    file = tmp_path / "lock"
    file.touch()
    with (
        shared_lock(file, "changing x"),
        shared_lock(file, "changing x"),
        pytest.raises(BusyError, match="reading x"),
        locked(file, "reading x"),
    ):
        pass
    with (
        locked(file, "reading x"),
        pytest.raises(BusyError, match="changing x"),
        shared_lock(file, "changing x"),
    ):
        pass


def test_a_reader_creates_no_file(tmp_path):
    with shared_lock(tmp_path / "lock", "changing x"):
        assert list(tmp_path.iterdir()) == []
