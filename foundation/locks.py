"""Locks between processes."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import sleep
from typing import IO

from foundation.errors import UserError

try:
    import fcntl
except ImportError:  # Windows: nothing keeps two processes apart
    fcntl = None  # type: ignore[assignment]

_RETRY_S = 0.05


class BusyError(UserError):
    """Another process does the same work."""


@contextmanager
def locked(file: Path, work: str) -> Iterator[None]:
    """Keeps other processes from the same work; the lock ends with its process at the latest.

    Args:
        file: created if it does not exist; it stays.
        work: what is done, for the error: "cleaning into data/clean".

    Raises:
        BusyError: another process has it, alone or shared.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as handle:
        _lock(handle, work, shared=False)
        yield


@contextmanager
def waiting_lock(file: Path, note: str = "") -> Iterator[None]:
    """As `locked`, but waits for a process that has the lock; where it has to, a note is printed."""
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(locked(file, ""))
                break
            except BusyError:
                if note:
                    print(note, flush=True)
                note = ""
                sleep(_RETRY_S)
        yield


@contextmanager
def shared_lock(file: Path, work: str) -> Iterator[None]:
    """A lock that any number of processes may share, but not with one that has it by `locked`.

    Args:
        file: nothing is written; if it does not exist, nothing is locked.
        work: as in `locked`.

    Raises:
        BusyError: a process has it alone.
    """
    with ExitStack() as stack:
        try:
            handle = stack.enter_context(file.open())
        except OSError:
            handle = None
        if handle:
            _lock(handle, work, shared=True)
        yield


def is_free(file: Path) -> bool:
    """Whether no process has the lock of an existing file; False where that cannot be known (no locks, no right)."""
    try:
        with file.open("a") as handle:
            return _lock(handle, "", shared=False)
    except (BusyError, OSError):
        return False


def _lock(handle: IO[str], work: str, *, shared: bool) -> bool:
    """Lock an open file; False where the system, or the file system, has no locks."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BusyError(f"another process is {work}: wait for it, or choose another folder") from None
    except OSError:
        return False
    return True


def is_alive(pid: int) -> bool:
    """Whether a process of this number runs on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # of another user
        return True
    return True
