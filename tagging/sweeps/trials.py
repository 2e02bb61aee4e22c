"""The folder of a sweep's trials: one folder per trial, with the runs that it trained."""

import re
from pathlib import Path

from foundation.marks import RUN, UNFINISHED_RUN, is_marked
from tagging.runs.place import foreign_files, remove_run
from tagging.sweeps.file import SweepError

ERROR = "error.txt"  # in a trial's folder: the traceback of what ended it
_LOCK = re.compile(r"\..+\.lock")


def remove_trials(folder: Path) -> None:
    """Remove the trials, and nothing else.

    Raises:
        SweepError: something else is among them; then nothing is removed.
    """
    if not folder.is_dir():
        return
    trials = [path for path in folder.iterdir() if not _LOCK.fullmatch(path.name)]
    foreign = [path for path in trials if not (path.name.isdecimal() and _is_folder(path))]
    runs = [path for trial in trials if trial not in foreign for path in trial.iterdir()]
    files = [path for path in runs if path.is_file() and (path.name == ERROR or _LOCK.fullmatch(path.name))]
    runs = [path for path in runs if path not in files]
    foreign += [path for path in runs if not _is_ours(path)]
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
