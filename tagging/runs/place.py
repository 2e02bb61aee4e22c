"""Where a run is made: in a work folder, renamed when it is whole. Nothing but runs is ever replaced or removed."""

import json
import os
import re
from pathlib import Path
from typing import Any

from foundation.files import write_atomic
from foundation.marks import RUN, UNFINISHED_RUN, is_marked
from foundation.words import some
from tagging.config.load import save_config
from tagging.config.schema import Config
from tagging.runs.contents import foreign_files, remove_run
from tagging.runs.model_hash import model_hash
from tagging.runs.run import CONFIG, INFO, MODEL, RunError, read_info
from tagging.runs.versions import versions

_ASIDE = ".replaced-run-"


def place_of(run_dir: str, stage: str) -> Path:
    """The folder that a stage's run gets; a link in its place is followed.

    Raises:
        RunError: links in a circle.
    """
    final = Path(run_dir) / stage
    try:
        return final.resolve() if final.is_symlink() else final
    except (OSError, RuntimeError) as error:
        raise RunError(f"expected a folder for a run, received {final}: {error}") from error


def work_dir(final: Path) -> Path:
    """Where a run is made until it is whole."""
    return final.with_name(final.name + ".part")


def is_passing(folder: Path) -> bool:
    """Whether a folder is one that `train.py` works in, or is in one, or in an older run on its way out."""
    return any(part.endswith(".part") or _ASIDE in part for part in folder.parts)


def make_run_dir(folder: Path) -> None:
    """Make the folder of runs.

    Raises:
        RunError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot make run_dir {folder}: {error.strerror}; choose another run_dir") from error


def check_place(final: Path, *, replaces: bool) -> None:
    """Refuse a place where something stands that is not a run of ours, or that would be lost.

    Args:
        final: the run's folder.
        replaces: whether runs that stand there, finished or not, are going to be replaced.

    Raises:
        RunError: with what is in the way.
    """
    for folder, marks in ((final, (RUN,)), (work_dir(final), (RUN, UNFINISHED_RUN))):
        if not os.path.lexists(folder) or _is_empty(folder):
            continue
        if folder.is_symlink() or not any(is_marked(folder, mark) for mark in marks):
            raise RunError(
                f"{folder} would be lost, which is not a run: choose another run_dir or stage name, or move it away"
            )
        is_open = replaces or folder != final  # a work folder is written into
        if is_open and (foreign := foreign_files(folder)):
            raise RunError(
                f"{folder}: expected only what train.py made, received {some(foreign)}: these would be lost; "
                "move them away, or choose another run_dir"
            )


def finish_run(final: Path, config: Config, info: dict[str, Any]) -> None:
    """Complete the files in the work folder and give it its final name; an older run there is replaced."""
    work = work_dir(final)
    save_config(config, work / CONFIG)
    whole = {**info, "model_hash": model_hash(work / MODEL), "versions": versions()}
    text = json.dumps(whole, indent=1) + "\n"
    write_atomic(work / INFO, text.encode())  # from here on the run is whole, see `recover`
    recover(final)


def recover(final: Path) -> None:
    """Give a whole run its name, also one that a kill kept from it; nothing that was finished is lost on the way.

    Raises:
        RunError: the whole run is an older one, or other files would be lost.
    """
    work, aside = work_dir(final), _set_aside(final)
    is_whole = is_marked(work, RUN)
    check_place(final, replaces=is_whole)
    if is_whole:
        if final.is_dir() and not _is_empty(final):
            _check_newer(work, final)
            aside.append(_free_name(final))
            os.replace(final, aside[-1])
        os.replace(work, final)
    elif aside and not final.exists():
        os.replace(aside.pop(), final)
    for old in aside:
        remove_run(old)


def _check_newer(work: Path, final: Path) -> None:
    """A copy of a run under the work folder's name is not one that a kill kept from its own."""
    if read_info(work)["finished"] <= read_info(final)["finished"]:
        raise RunError(f"{work} is a run, and not newer than {final}; move it away")


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir())


def _set_aside(final: Path) -> list[Path]:
    """Older runs that stood here, the last one last."""
    name = re.compile(re.escape(f".{final.name}{_ASIDE}") + r"\d+")
    found = [path for path in final.parent.glob(".*") if name.fullmatch(path.name) and not path.is_symlink()]
    return sorted(path for path in found if is_marked(path, RUN))


def _free_name(final: Path) -> Path:
    names = (final.with_name(f".{final.name}{_ASIDE}{number}") for number in range(1, 10_000))
    return next(path for path in names if not os.path.lexists(path))
