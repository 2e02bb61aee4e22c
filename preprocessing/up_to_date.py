"""Whether a manifest row still describes its raw file and its clean file. Their contents decide, not their times.

A file of the size and the time that its row tells is trusted, or compared on request. One of another time, such as a
copy, is compared. Rows of older versions have no hashes: files of the time that they tell are trusted once more.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from preprocessing.contents import source_hash
from preprocessing.folder import FEATURE_HEADER_BYTES, HEADER_BYTES
from preprocessing.rows import ClipRow, ClipTask
from preprocessing.settings import CleaningSettings


def up_to_date(row: ClipRow, task: ClipTask, settings: CleaningSettings, *, verify: bool) -> ClipRow | None:
    """The row with the hashes and times of today; None: the clip has to be cleaned.

    Args:
        row: of the manifest.
        task: the same clip in the data set.
        settings: that the folder is made with.
        verify: compare the contents of both files, whatever their times are.
    """
    if not (row.has_audio and row.part == task.part and has_clean_file(row, task.target, settings)):
        return None
    source = _source_facts(row, task.source, verify=verify)
    clean = None if source is None else _clean_facts(row, task, verify=verify)
    if source is None or clean is None:
        return None
    return replace(row, **source, **clean) if source or clean else row


def has_clean_file(row: ClipRow, target: Path, settings: CleaningSettings) -> bool:
    """Whether the clean file of a manifest row is there, of the size that the row tells."""
    if row.steps:
        size = FEATURE_HEADER_BYTES + 4 * row.steps * row.bands
    else:
        size = HEADER_BYTES + 2 * round(row.seconds_out * settings.rate_hz)
    try:
        return target.stat().st_size == size
    except OSError:
        return False


def is_suspect(row: ClipRow, target: Path) -> bool:
    """Whether a clean file that is there has another time than its row tells."""
    return bool(row.clean_hash) and target.stat().st_mtime_ns != row.clean_mtime_ns


def source_state(row: ClipRow, source: Path, part: str) -> str:
    """What size and time tell of the raw file that a row was made from: `changed`, `touched` (by its time alone; it
    has to be compared), or "" where it is as it was, or gone: what was made from it is all there is.
    """
    if part != row.part:
        return "changed"
    try:
        found = source.stat()
    except OSError:
        return ""
    if found.st_mtime_ns == row.source_mtime_ns and found.st_size == row.source_bytes:
        return ""
    return "touched" if found.st_size == row.source_bytes and row.source_hash else "changed"


def _source_facts(row: ClipRow, source: Path, *, verify: bool) -> dict[str, Any] | None:
    """What is new about the raw file; None: it is another one, or may be."""
    state = source_state(row, source, row.part)
    if state == "changed":
        return None
    if (row.source_hash and not (state or verify)) or not source.exists():
        return {}
    if verify and not row.source_hash:
        return None
    found = source.stat()
    digest = source_hash(source, row.part, found, row.hash_kind)
    if row.source_hash and digest != row.source_hash:
        return None
    return {"source_hash": digest, "source_mtime_ns": found.st_mtime_ns}


def _clean_facts(row: ClipRow, task: ClipTask, *, verify: bool) -> dict[str, Any] | None:
    """What is new about the clean file; None: it has been altered, or may have been."""
    if row.clean_hash and not (verify or is_suspect(row, task.target)):
        return {}
    if verify and not row.clean_hash and task.source.exists():
        return None
    time_ns, digest = task.target.stat().st_mtime_ns, row.hash_kind.of_file(task.target)
    if row.clean_hash and digest != row.clean_hash:
        return None
    return {"clean_hash": digest, "clean_mtime_ns": time_ns}
