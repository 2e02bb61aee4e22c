"""The hash of a run's model file, which ties the file to the classes in `run.json`."""

from functools import lru_cache
from pathlib import Path

from foundation.files import content_hash


def model_hash(path: Path) -> str:
    """`content_hash` of a file, read once in each process while its size and time stay the same.

    Raises:
        OSError: the file cannot be read.
    """
    found = path.stat()
    return _of_version(path.absolute(), found.st_ino, found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=256)
def _of_version(path: Path, inode: int, size: int, mtime_ns: int) -> str:  # noqa: ARG001 (part of the key)
    digest = content_hash(path)
    if not digest:
        raise OSError(f"{path} cannot be read")
    return digest
