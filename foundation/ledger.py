"""The record of the files that this program wrote into a folder, so that it can tell its own from anybody else's.

`.audio-tagging.json` in a folder names each output in it, with what made it and a digest of its content. A file that is
not in the record, or that has been edited since, belongs to the user.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from foundation.digests import digest_of
from foundation.parts import part_of

try:
    import fcntl
except ImportError:  # Windows: two processes that write into a folder at once may forget an output of one
    fcntl = None  # type: ignore[assignment]

LEDGER = ".audio-tagging.json"


def is_recorded(path: Path, maker: str) -> bool:
    """Whether `maker` (such as `predict.py --out`) wrote the file at `path`, and nobody has edited it since."""
    with _locked(path.parent):
        entry = _read(path.parent).get(path.name)
        return entry is not None and entry["maker"] == maker and _digest(path) in entry["digests"]


def has_ledger(folder: Path) -> bool:
    """Whether there is a record; there is none in folders that were made before there were records."""
    return (folder / LEDGER).exists()


def replace_recorded(part: Path, path: Path, maker: str, *, is_old: bool = False) -> bool:
    """Give a finished file its name, `path`, and record that `maker` wrote it; False: it would replace another's.

    The record comes first, and keeps the digest of the present content, so that a process that is killed in between
    leaves an output that is still known.

    Args:
        part: the finished file.
        path: the name that it gets.
        maker: what wrote it.
        is_old: a file that is there was made before there was a record.
    """
    with _locked(path.parent):
        entries = {name: entry for name, entry in _read(path.parent).items() if (path.parent / name).exists()}
        entry = entries.get(path.name, {"maker": maker, "digests": []})
        present = _digest(path) if path.is_file() and path.stat().st_size else None
        is_ours = entry["maker"] == maker and present in entry["digests"]
        if present is not None and not is_ours and not is_old:
            return False
        digests = dict.fromkeys([*([present] if is_ours else []), _digest(part)])
        entries[path.name] = {"maker": maker, "digests": list(digests)}
        _write(path.parent, entries)
        part.replace(path)
        return True


def recorded(folder: Path) -> set[str]:
    """Names of the outputs in a folder that nobody has edited since they were written."""
    with _locked(folder):
        entries = _read(folder)
        files = {name: folder / name for name in entries if (folder / name).is_file()}
        return {name for name, path in files.items() if _digest(path) in entries[name]["digests"]}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return digest_of(file).hex()


def _read(folder: Path) -> dict[str, dict]:
    try:
        entries = json.loads((folder / LEDGER).read_text(encoding="utf-8"))["files"]
        return {name: entry for name, entry in entries.items() if {"maker", "digests"} <= set(entry)}
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
    ):  # no record, or a damaged one: nothing is known
        return {}


def _write(folder: Path, entries: dict[str, dict]) -> None:
    part = part_of(folder / LEDGER)
    text = json.dumps({"made_by": "audio-tagging", "files": entries}, indent=1) + "\n"
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, folder / LEDGER)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time; on file systems without locks, any."""
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
