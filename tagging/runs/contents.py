"""What is in the folder of a run, finished or not: which files are the run's, and how they are removed."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from foundation.ledger import LEDGER, has_ledger, recorded
from foundation.parts import is_part
from tagging.runs.run import BATCHES, CONFIG, INFO, NOISY_SPLIT, SPLIT

IDENTITY, BACKUPS, FEATURES, REPORT = "stage.json", "backup", "features", "report.html"
_MARKS = (IDENTITY, INFO)
_MADE = {
    *("model.keras", CONFIG, "history.csv", "validation_scores.npz", "calibration.json", "per_class.csv"),
    *(BATCHES, "batches.png", NOISY_SPLIT),
    *(SPLIT, "curves.png", "confusion.csv", "confusion.png", "selected.csv", "selection_scores.npz"),
    *(
        "best.weights.h5",
        "partial-best.weights.h5",
        "partial-model.keras",
        "partial-history.csv",
        "wandb_id.txt",
        LEDGER,
        *_MARKS,
    ),
}
_IN_FOLDERS = (
    re.compile(r"tensorboard/\w+/events\.out\.tfevents\.[^/]+"),
    re.compile(BACKUPS + r"/(epoch-\d+|partial)/state\.(json|weights\.h5)"),
    re.compile(FEATURES + r"/(partial-)?view-\d+\.npy"),
    re.compile(r"report_tables/" + re.escape(LEDGER)),
)
_WANDB = re.compile(r"wandb/.+")
_WANDB_LINK = re.compile(r"wandb/(latest-run|(.+/logs/)?debug[\w-]*\.log)")
_OUTPUT = re.compile(
    re.escape(REPORT) + r"|report_tables/\w+\.csv"
)  # of the command `report`, so in a record


def foreign_files(folder: Path) -> list[str]:
    """What is in a run's folder apart from the run: files of others, edited reports, links."""
    ours = set(_own_files(folder))
    return sorted(path.relative_to(folder).as_posix() for path in _walk(folder) if path not in ours)


def remove_run(folder: Path) -> None:
    """Remove a run and nothing else; its marks go last, so that a kill leaves what is still known."""
    remove_files(folder, list(_own_files(folder)))


def remove_backups(folder: Path) -> None:
    """Remove the states that an interrupted training would have resumed from, and the features of a frozen backbone."""
    own = list(_own_files(folder))
    for inside in (folder / BACKUPS, folder / FEATURES):
        remove_files(inside, [path for path in own if inside in path.parents])


def remove_files(folder: Path, files: list[Path]) -> None:
    """Remove files under a folder, and then folders in it, and itself, that are empty."""
    if folder.is_symlink() or not folder.is_dir():
        return
    for path in sorted(files, key=lambda path: path.name in _MARKS):
        path.unlink()
    for parent, _, _ in os.walk(folder, topdown=False):
        if not os.listdir(parent):
            os.rmdir(parent)


def _own_files(folder: Path) -> Iterator[Path]:
    has_wandb = (folder / "wandb_id.txt").is_file()
    outputs = {each: recorded(each) for each in (folder, folder / "report_tables") if has_ledger(each)}
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            is_ours = has_wandb and bool(_WANDB_LINK.fullmatch(name))
        elif _OUTPUT.fullmatch(name):  # one that was made before there was a record is the run's by its name
            is_ours = not outputs or path.name in outputs.get(path.parent, ())
        else:
            is_known = name in _MADE or is_part(path) or any(each.fullmatch(name) for each in _IN_FOLDERS)
            is_ours = is_known or (has_wandb and bool(_WANDB.fullmatch(name)))
        if is_ours:
            yield path


def _walk(folder: Path) -> Iterator[Path]:
    """Files under a folder, and links to anything, which are not followed."""
    for parent, folders, files in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        yield from (Path(parent, name) for name in (*files, *links))
