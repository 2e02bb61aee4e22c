"""Files in a clean folder: where a clip lives, and how a file appears whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath

try:
    import fcntl
except ImportError:  # Windows: nothing keeps two runs apart
    fcntl = None  # type: ignore[assignment]

HEADER_BYTES = 44  # of every clean WAV file; its samples start here
FEATURE_HEADER_BYTES = 128  # of every .npy file of features; its values start here
AUDIO_SUFFIX, FEATURE_SUFFIX = ".wav", ".npy"
LOCK_NAME = ".lock"
PART_PREFIX = ".part-"  # names of files being written; whatever is left of them after a kill is swept away
NAME_LIMIT_BYTES = 255  # of one file name on common file systems


class BusyError(ValueError):
    """Another process does the same work; the message is one line for the user."""


class CleanFolderError(ValueError):
    """A clean folder that cannot be used as asked; the message is one line for the user."""


def clean_path(clean_dir: Path | str, split: str, fname: str, suffix: str = AUDIO_SUFFIX) -> Path:
    """Where the clean file of a clip lives: `clean_dir/split/fname`, with the suffix appended if it lacks.

    Raises:
        CleanFolderError: a name that would leave the folder, or that no file can have.
    """
    name = fname if fname.lower().endswith(suffix) else f"{fname}{suffix}"
    _check_inside(split)
    _check_inside(name)
    return Path(clean_dir, split, name)


def _check_inside(name: str) -> None:
    path = PurePath(name)
    if not path.name or path.is_absolute() or path.drive or ".." in path.parts or "\0" in name:
        raise CleanFolderError(f"expected a file name inside the data set's folder, received {name!r}")
    if max(len(os.fsencode(part)) for part in path.parts) > NAME_LIMIT_BYTES:
        raise CleanFolderError(
            f"expected a name of at most {NAME_LIMIT_BYTES} bytes, received {name[:40]!r}..."
        )
    if path.name.startswith(PART_PREFIX):
        raise CleanFolderError(f"expected a name that does not start with {PART_PREFIX!r}, received {name!r}")


def write_atomic(path: Path, data: bytes) -> None:
    """Writes a file under a temporary name in the same folder and renames it: readers see all or nothing."""
    part = path.with_name(f"{PART_PREFIX}{os.getpid()}")
    try:
        part.write_bytes(data)
        part.replace(path)
    except BaseException:  # Ctrl-C too must leave nothing behind
        part.unlink(missing_ok=True)
        raise


@contextmanager
def locked(file: Path, work: str) -> Iterator[None]:
    """Keeps other processes from the same work; the lock ends with its process at the latest.

    Args:
        file: made where it is not there; it stays.
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


def sweep_parts(clean_dir: Path) -> None:
    """Deletes what a killed run left half written."""
    for part in clean_dir.rglob(f"{PART_PREFIX}*"):
        part.unlink(missing_ok=True)
