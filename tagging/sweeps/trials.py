"""The folder of a sweep's trials: one folder per trial, with the runs that it trained."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from foundation.marks import RUN, UNFINISHED_RUN, is_marked
from tagging.runs.contents import foreign_files, remove_run
from tagging.sweeps.file import SweepError

ERROR = "error.txt"  # in a trial's folder: the traceback of what ended it
_LOCK = re.compile(r"\.\d+\.lock")


def remove_trials(folder: Path, stages: Sequence[str]) -> None:
    """Remove the trials of a sweep that trained these stages, and nothing else.

    Raises:
        SweepError: something else is among them; then nothing is removed.
    """
    if not os.path.lexists(folder):
        return
    if not _is_folder(folder):
        raise SweepError(f"expected the folder of a sweep's trials, received the link {folder}; remove it")
    trials = [path for path in folder.iterdir() if not _LOCK.fullmatch(path.name)]
    foreign = [path for path in trials if not (path.name.isdecimal() and _is_folder(path))]
    runs = [path for trial in trials if trial not in foreign for path in trial.iterdir()]
    names = {ERROR, *(f".{stage}.lock" for stage in stages)}
    files = [path for path in runs if path.is_file() and not path.is_symlink() and path.name in names]
    runs = [path for path in runs if path not in files]
    known = {*stages, *(f"{stage}.part" for stage in stages)}
    foreign += [path for path in runs if path.name not in known or not _is_ours(path)]
    if foreign:
        raise SweepError(
            f"{foreign[0]} would be lost, which is not part of a trial; move it away, or take another --out"
        )
    for run in runs:
        remove_run(run)
    for path in (*files, *(path for path in folder.iterdir() if _LOCK.fullmatch(path.name))):
        path.unlink()
    for empty in (*trials, folder):
        empty.rmdir()


def _is_ours(path: Path) -> bool:
    """Whether it is a run, finished or not, with nothing else in it."""
    is_run = _is_folder(path) and any(is_marked(path, mark) for mark in (RUN, UNFINISHED_RUN))
    return is_run and not foreign_files(path)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
