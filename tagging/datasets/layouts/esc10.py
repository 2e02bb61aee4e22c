"""Reader of ESC-10: ten classes of environmental sound, one a clip, in its own folders or as a part of ESC-50.

Piczak, "ESC: Dataset for environmental sound classification", ACM Multimedia 2015.
"""

import re
import sys
from pathlib import Path

import pandas as pd

from foundation.words import counted, some
from tagging.datasets.csv_files import read_csv
from tagging.datasets.scan import files_under
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import COLUMNS, Dataset, DatasetError, leave_out

EXPECTED_TREE = """\
    {root}/
        001 - Dog bark/ ... 010 - Fire crackling/    *.ogg
    from https://github.com/karoldvl/ESC-10, or, from https://github.com/karolpiczak/ESC-50 (its ten classes of ESC-10):
        audio/                                       *.wav
        meta/esc50.csv                               filename,fold,category,esc10"""
_CLASS_FOLDERS = "[0-9][0-9][0-9] - *"
_FOLD = re.compile(r"(\d)-")


def read(settings: DatasetSettings) -> Dataset:
    """The data set at `settings.root`: all clips `curated`, classes sorted, the fold as `group`.

    A recording is in one fold only, and `train.py --folds` with as many folds as there are rotates over ESC's own.
    There are no test clips. ESC-50 names classes differently: `Dog`, where ESC-10 has `Dog_bark`.

    Raises:
        DatasetError: no such data (the message shows the expected tree), or names or a table that are wrong.
    """
    root = Path(settings.root)
    table = root / "meta" / "esc50.csv"
    rows = _listed_in(table) if table.is_file() else _in_class_folders(root)
    if not rows:
        raise DatasetError(f"no ESC-10 data at {root}. Expected:\n{EXPECTED_TREE.format(root=root)}")
    clips = pd.DataFrame(rows, columns=["fname", "path", "labels", "group"]).assign(split="curated")
    if len(twice := clips["fname"][clips["fname"].duplicated()]):
        raise DatasetError(
            f"{root}: expected each file name once, received {some(list(twice))} again; remove one"
        )
    classes = tuple(sorted({label for labels in clips["labels"] for label in labels}))
    clips = leave_out(clips.sort_values("fname"), settings.exclude)
    return Dataset("esc10", clips[list(COLUMNS)], classes, "multiclass", {}, None)


def _in_class_folders(root: Path) -> list[tuple]:
    rows, others = [], []
    for folder in sorted(filter(Path.is_dir, root.glob(_CLASS_FOLDERS))):
        label = folder.name.split(" - ", 1)[1].replace(" ", "_")
        for path in files_under(folder):
            if path.suffix == ".ogg":
                rows.append((path.name, path, (label,), _fold_of(path)))
            else:
                others.append(path.relative_to(root).as_posix())
    if others:
        files = counted(len(others), "file that is not .ogg is", "files that are not .ogg are")
        print(f"{root}: {files} left out: {some(others)}", file=sys.stderr)
    return rows


def _fold_of(path: Path) -> str:
    if not (match := _FOLD.match(path.name)):
        raise DatasetError(f"{path}: expected a name that begins with its fold, as 1-100032-A.ogg; rename it")
    return match[1]


def _listed_in(path: Path) -> list[tuple]:
    table = read_csv(path, ["filename", "fold", "category", "esc10"])
    if wrong := sorted(set(table["esc10"]) - {"True", "False"}):
        raise DatasetError(f"{path}: expected esc10 of True or False, received {some(wrong)}; correct it")
    audio, ours = path.parent.parent / "audio", table[table["esc10"] == "True"]
    rows = zip(ours["filename"], ours["category"], ours["fold"], strict=True)
    return [(fname, audio / fname, (category.capitalize(),), fold) for fname, category, fold in rows]
