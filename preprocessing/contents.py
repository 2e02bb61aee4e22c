"""Hashes of raw files, of which one may hold many clips."""

import os
from functools import lru_cache
from pathlib import Path

from preprocessing.hashes import HashKind


def source_hash(path: Path, part: str, found: os.stat_result, kind: HashKind) -> str:
    """The hash of a raw file; one that holds many clips (`part` names this one) is read once in each process."""
    return _of_many(path, found.st_size, found.st_mtime_ns, kind) if part else kind.of_file(path)


def forget_hashes() -> None:
    """Read files again that hold many clips: one may have changed at equal size and time."""
    _of_many.cache_clear()


@lru_cache(maxsize=16)
def _of_many(path: Path, size: int, mtime_ns: int, kind: HashKind) -> str:  # noqa: ARG001 (part of the key)
    return kind.of_file(path)
