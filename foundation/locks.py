"""Locks between processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from foundation.errors import UserError

try:
    import fcntl
except ImportError:  # Windows: nothing keeps two processes apart
    fcntl = None  # type: ignore[assignment]


class BusyError(UserError):
    """Another process does the same work."""


@contextmanager
def locked(file: Path, work: str) -> Iterator[None]:
    """Keeps other processes from the same work; the lock ends with its process at the latest.

    Args:
        file: created if it does not exist; it stays.
        work: what is done, for the error: "cleaning into data/clean".

    Raises:
        BusyError: another process has it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as handle:
        try:
            if fcntl:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(f"another process is {work}: wait for it, or choose another folder") from None
        except OSError:  # a file system without locks
            pass
        yield
