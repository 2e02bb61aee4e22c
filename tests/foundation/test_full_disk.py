"""A full disk is one line that names the file, whoever writes it."""

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from foundation.files import atomic_file, write_atomic
from foundation.full_disk import saving, writing

FULL = os.strerror(errno.ENOSPC)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, FULL),
        OSError(f"Can't write data (file write failed: time = now\n, errno = 28, error message = '{FULL}')"),
        RuntimeError(f"Can't decrement id ref count (errno = 28, error message = '{FULL}')"),
        Exception(f"a/events.v2; {FULL}\n\tFailed to flush 1 events"),  # as TensorFlow's
    ],
)
def test_errors_of_a_full_disk_name_the_file(tmp_path, error):
    with (
        pytest.raises(OSError, match=rf"^\[Errno 28\] {FULL}: '{tmp_path}/a.h5'$"),
        writing(tmp_path / "a.h5"),
    ):
        raise error


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, FULL, "b"), OSError(errno.EIO, "I/O"), KeyError("a")]
)
def test_other_errors_stay_as_they_are(tmp_path, error):
    with pytest.raises(type(error)) as raised, writing(tmp_path / "a.h5"):
        raise error
    assert raised.value is error


def half_in_atomic_file(path):
    with atomic_file(path) as file:
        file.write("ne")
        raise OSError(errno.ENOSPC, FULL)


def half_in_saving(path):
    with saving(path) as partial:
        partial.write_text("ne")
        raise OSError(errno.ENOSPC, FULL)


def test_a_file_that_does_not_fit_leaves_the_old_one(tmp_path):
    write_atomic(tmp_path / "a.csv", b"old")
    for writer in (half_in_atomic_file, half_in_saving):
        with pytest.raises(OSError, match=r"a\.csv"):
            writer(tmp_path / "a.csv")
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.csv": b"old"}


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no such device here")
def test_a_device_that_is_full_is_named():
    with pytest.raises(OSError, match=rf"{FULL}: '/dev/full'$"):
        write_atomic(Path("/dev/full"), b"new")


def test_what_is_too_large_is_not_begun(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=99))
    with pytest.raises(OSError, match=rf"{FULL}: .*a\.h5"), saving(tmp_path / "a.h5", 100):
        raise AssertionError
    with saving(tmp_path / "a.h5", 99) as partial:
        partial.touch()
    assert [path.name for path in tmp_path.iterdir()] == ["a.h5"]
