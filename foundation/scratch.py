"""Temporary folders that do not outlive a killed process for long."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from foundation.locks import is_locked, locked

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
    for mark in home.glob(f"{prefix}*/{_MARK}"):
        folder = mark.parent
        if folder.is_symlink() or not mark.is_file() or is_locked(mark):
            continue
        if time.time() - mark.stat().st_mtime > _YOUNG_S:
            yield folder
