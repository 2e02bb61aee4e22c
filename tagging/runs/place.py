"""Where a run is made: in a work folder, renamed when it is whole. Nothing but runs is ever replaced or removed."""

import json
import os
import shutil
from glob import escape
from pathlib import Path
from typing import Any

from foundation.files import is_part, write_atomic
from foundation.ledger import LEDGER
from foundation.marks import RUN, UNFINISHED_RUN, is_marked
from tagging.config.load import save_config
from tagging.config.schema import Config
from tagging.runs.run import CONFIG, INFO, RunError, versions

IDENTITY, BACKUPS = "stage.json", "backup"  # of a run that is not finished
_MARKS = (IDENTITY, INFO)
_MADE = {
    *("model.keras", CONFIG, "history.csv", "validation_scores.npz", "calibration.json", "per_class.csv"),
    *("split.csv", "curves.png", "confusion.csv", "confusion.png", "report.html", "report_tables"),
    *("selected.csv", "selection_scores.npz", "tensorboard", "wandb", "wandb_id.txt"),
    *(BACKUPS, "best.weights.h5", "partial-best.weights.h5", "partial-history.csv", LEDGER, *_MARKS),
}
"""All that a run, finished or not, has in its folder."""
_ASIDE = ".replaced-run"


def work_dir(final: Path) -> Path:
    """Where a run is made until it is whole."""
    return final.with_name(final.name + ".part")


def is_passing(folder: Path) -> bool:
    """Whether a folder is one that `train.py` works in, or is in one, or in an older run on its way out."""
    return any(part.endswith(".part") or _ASIDE in part for part in folder.parts)


def check_place(final: Path) -> None:
    """Refuse a place where something stands that training would replace and did not make.

    Raises:
        RunError: it is not a run, or has other files in it.
    """
    for folder, marks in ((final, (RUN,)), (work_dir(final), (RUN, UNFINISHED_RUN))):
        if not os.path.lexists(folder) or _is_empty(folder):
            continue
        if not any(is_marked(folder, mark) for mark in marks):
            raise RunError(
                f"{folder} would be lost, which is not a run: choose another run_dir or stage name, or move it away"
            )
        if foreign := foreign_files(folder):
            raise RunError(
                f"{folder}: expected only what train.py made, received {', '.join(foreign[:3])}: these would be lost; "
                "move them away, or choose another run_dir"
            )


def foreign_files(folder: Path) -> list[str]:
    """What is in a run's folder apart from the run."""
    return sorted(path.name for path in folder.iterdir() if path.name not in _MADE and not is_part(path))


def finish_run(final: Path, config: Config, info: dict[str, Any]) -> None:
    """Complete the files in the work folder and give it its final name; an older run there is replaced."""
    work = work_dir(final)
    save_config(config, work / CONFIG)
    text = json.dumps({**info, "versions": versions()}, indent=1) + "\n"
    write_atomic(work / INFO, text.encode())  # from here on the run is whole, see `recover`
    recover(final)


def recover(final: Path) -> None:
    """Give a whole run its name, also one that a kill kept from it; nothing that was finished is lost on the way."""
    check_place(final)
    work, aside = work_dir(final), _set_aside(final)
    if is_marked(work, RUN):
        if final.is_dir() and not _is_empty(final):
            aside.append(_free_name(final))
            os.replace(final, aside[-1])
        os.replace(work, final)
    elif aside and not final.exists():
        os.replace(aside.pop(), final)
    for old in aside:
        remove_run(old)


def remove_run(folder: Path) -> None:
    """Remove a run, finished or not, and nothing else; its marks go last, so that a kill leaves what is still known."""
    if not folder.is_dir():
        return
    ours = [path for path in folder.iterdir() if path.name in _MADE or is_part(path)]
    for path in sorted(ours, key=lambda path: path.name in _MARKS):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    if _is_empty(folder):
        folder.rmdir()


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def _set_aside(final: Path) -> list[Path]:
    """Older runs that stood here, the last one last."""
    found = final.parent.glob(f".{escape(final.name)}{_ASIDE}*")
    return sorted(path for path in found if is_marked(path, RUN))


def _free_name(final: Path) -> Path:
    names = (final.with_name(f".{final.name}{_ASIDE}-{number}") for number in range(1, 10_000))
    return next(path for path in names if not os.path.lexists(path))
