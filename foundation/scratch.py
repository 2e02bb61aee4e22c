"""Temporary folders that do not outlive a killed process for long."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from foundation.locks import is_free, locked

_MARK = ".audio-tagging-scratch"  # locked as long as the folder is in use
_YOUNG_S = 60.0  # a folder that has just been made may not be locked yet


@contextmanager
def scratch_folder(prefix: str, parent: Path | None = None) -> Iterator[Path]:
    """A folder that is removed when the block ends, with those of killed processes.

    Args:
        prefix: start of its name; folders in `parent` with the same start and our mark are removed when their process
            is gone.
        parent: where it is made; None: the system's temporary folder.
    """
    home = parent or Path(tempfile.gettempdir())
    for abandoned in _abandoned(home, prefix):
        shutil.rmtree(abandoned, ignore_errors=True)
    with (
        tempfile.TemporaryDirectory(prefix=prefix, dir=home, ignore_cleanup_errors=True) as name,
        locked(Path(name, _MARK), "using it"),
    ):
        yield Path(name)


def _abandoned(home: Path, prefix: str) -> Iterator[Path]:
    """Marked folders that no process has locked; none where locks are not known."""
    for mark in home.glob(f"{prefix}*/{_MARK}"):
        if mark.parent.is_symlink() or not mark.is_file():
            continue
        is_old = time.time() - mark.stat().st_mtime > _YOUNG_S
        if is_old and is_free(mark):  # in this order: the lock of a new one is its maker's to take
            yield mark.parent
