"""A full disk, or one whose quota is used up: one line that names the file, and nothing half written."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Errors of a full disk become an OSError that names `path`, also those of libraries that write by themselves."""
    try:
        yield
    except Exception as error:
        is_named = getattr(error, "filename", None) is not None
        if is_named or (number := _number(error)) is None:
            raise
        raise OSError(number, os.strerror(number), str(path)) from error


@contextmanager
def saving(path: Path, size: int = 0) -> Iterator[Path]:
    """A name for a library to write to, in the same folder, which becomes `path` once the block has ended.

    Args:
        path: the file.
        size: in bytes, or a little more. HDF5 does not survive a disk that gets full: what is too large is not begun.

    Raises:
        OSError: as `writing`. The unfinished file is removed.
    """
    check_free(path, size)
    partial = path.with_name(f"partial-{path.name}")
    try:
        with writing(path):
            yield partial
            os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def check_free(path: Path, size: int) -> None:
    """Raises OSError where a file of `size` bytes has no room."""
    if shutil.disk_usage(path.parent).free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def _number(error: Exception) -> int | None:
    """Of a full disk; HDF5 and TensorFlow tell it in their text alone."""
    numbers = (number for number in _FULL if os.strerror(number) in str(error))
    return next(numbers, None)
