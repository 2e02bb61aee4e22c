"""What a cleaning run has to do: compares the data set, the manifest and the files on disk."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from preprocessing.clip import ClipRow, ClipTask
from preprocessing.folder import HEADER_BYTES, CleanFolderError, clean_path
from preprocessing.settings import CleaningSettings


@dataclass
class Plan:
    """What is finished (`done`: rows to keep), to be cleaned (`todo`), and to be deleted (`stale`: rows)."""

    done: list[ClipRow] = field(default_factory=list)
    todo: list[ClipTask] = field(default_factory=list)
    stale: list[ClipRow] = field(default_factory=list)


def make_plan(clips: pd.DataFrame, clean_dir: Path, settings: CleaningSettings, old: list[ClipRow]) -> Plan:
    """Plans a run for clips that passed `check_clips`; touches nothing."""
    rows = {(row.split, row.fname): row for row in old}
    plan = Plan()
    taken: dict[Path, str] = {}
    for split, fname, path in zip(clips["split"], clips["fname"], clips["path"], strict=True):
        row = rows.get((split, fname))
        try:
            task = ClipTask(split, fname, Path(path), _free_path(clean_dir, split, fname, taken))
        except CleanFolderError as error:
            plan.done.append(ClipRow(split, fname, "refused", str(error)))
            continue
        if row is not None and _is_current(row, task, settings):
            plan.done.append(rows.pop((split, fname)))
        else:
            plan.todo.append(task)
    plan.stale = [row for row in rows.values() if row.has_audio]
    return plan


def delete_audio(clean_dir: Path, row: ClipRow) -> None:
    """Deletes the clean file of a manifest row."""
    if row.has_audio:
        clean_path(clean_dir, row.split, row.fname).unlink(missing_ok=True)


def check_clips(clips: pd.DataFrame, clean_dir: Path) -> None:
    """Raises CleanFolderError on no clips, a clip named twice, or raw audio inside the clean folder."""
    if clips.empty:
        raise CleanFolderError("expected clips to clean, received none: check dataset.root")
    twice = clips.duplicated(["split", "fname"])
    if twice.any():
        name = clips.loc[twice, "fname"].iloc[0]
        raise CleanFolderError(
            f"expected each clip once in a split, received {name!r} twice: remove one of the rows"
        )
    home = clean_dir.resolve()
    for folder in {Path(path).parent for path in clips["path"]}:
        if folder.resolve().is_relative_to(home):
            raise CleanFolderError(
                f"clean_dir {clean_dir} holds the raw audio ({folder}): choose another clean_dir"
            )


def _free_path(clean_dir: Path, split: str, fname: str, taken: dict[Path, str]) -> Path:
    path = clean_path(clean_dir, split, fname)
    if taken.setdefault(path, fname) != fname:
        raise CleanFolderError(f"its clean file would be that of {taken[path]!r}: rename one of them")
    return path


def _is_current(row: ClipRow, task: ClipTask, settings: CleaningSettings) -> bool:
    return row.has_audio and has_clean_file(row, task.target, settings) and not has_changed(row, task.source)


def has_clean_file(row: ClipRow, target: Path, settings: CleaningSettings) -> bool:
    """Whether the clean file of a manifest row is there, of the size that the row tells."""
    try:
        return target.stat().st_size == HEADER_BYTES + 2 * round(row.seconds_out * settings.rate_hz)
    except OSError:
        return False


def has_changed(row: ClipRow, source: Path) -> bool:
    """Whether the raw file is another one than was read for this row, or another version of it."""
    try:
        stat = source.stat()
    except OSError:  # the raw file is gone: what was made from it is all there is
        return False
    return (stat.st_size, stat.st_mtime_ns) != (row.source_bytes, row.source_mtime_ns)
