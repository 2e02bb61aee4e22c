"""Reader of any CSV of `path` and `label`, `labels` or columns of numbers, with `split` and `group` if wanted."""

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from foundation.words import some
from tagging.datasets.csv_files import check_once, read_csv
from tagging.datasets.layouts.parts.targets import check_targets, parse_values
from tagging.datasets.scan import names_as_text
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import COLUMNS, Dataset, DatasetError, as_cells, leave_out, placed

KEYS = ("targets", "table")
EXPECTED_TREE = """\
    {root}/
        clips.csv     path,label[,split][,group]     one label per clip; or
                      path,labels[,split][,group]    several: "Bark;Run" or "Bark,Run", or one per row; or
                      path,valence[,split][,group]   columns of numbers, which dataset.targets names
        any folders   the audio, by paths that are relative to {root}
    The table may have another name or place: dataset.table=PATH."""
SPLITS = ("train", "validation", "test", "curated", "noisy")


def read(settings: DatasetSettings) -> Dataset:
    """The data set of `settings.table`: `fname` is the path as it is written. Classes are sorted.

    `validation` is the hold-out of `train`; a table without `split` trains all of its clips; one of test clips alone
    is for predictions. Labels of a test clip may be empty: not known.

    Raises:
        DatasetError: no table (the message shows what is expected), or one that is wrong.
    """
    root = Path(settings.root)
    path = Path(settings.table) if settings.table else root / "clips.csv"
    if not path.is_file():
        raise DatasetError(f"no table {path}. Expected:\n{EXPECTED_TREE.format(root=root)}")
    table = read_csv(
        path,
        ["path"],
        expected=_expected(settings),
        inner=True,
        root=root,
        repeats=True,
        of_one_line=("path", "label", "labels", "split", "group"),
    )
    parts = _parts(path, table)
    paths = [root / name for name in table["path"]]
    fnames = names_as_text(list(table["path"]))
    clips = pd.DataFrame({"fname": fnames, "path": paths, "group": table.get("group", "")})
    if settings.targets:
        classes, task = tuple(settings.targets), "regression"
        values = _values(path, table, parts, settings.targets)
        clips["labels"], clips["values"] = as_cells([()] * len(values)), as_cells(values)
    else:
        labels, task = _labels(path, table, parts, _expected(settings))
        classes = tuple(sorted({label for names in labels for label in names}))
        clips["labels"] = as_cells(labels)
        task = "multilabel" if settings.task == "multilabel" else task
    clips = _once(path, clips.assign(part=parts), task)
    clips = leave_out(placed(clips, list(clips["part"])), settings.exclude)
    more = [column for column in clips if column in ("validates", "values")]
    return Dataset("csv", clips[[*COLUMNS, *more]], classes, task, {}, None)


def _expected(settings: DatasetSettings) -> str:
    """The columns, for errors."""
    if settings.targets:
        return f"path, {', '.join(settings.targets)} (dataset.targets)"
    return "path, and label (one) or labels (several), or else numbers that dataset.targets names"


def _once(path: Path, clips: pd.DataFrame, task: str) -> pd.DataFrame:
    """The clips once each: where several labels are a row each, with those of all rows."""
    if task != "multilabel":
        advice = ", or set dataset.task=multilabel if a clip may have several labels"
        check_once(path, clips["fname"], "keep one row of each" + advice * (task == "multiclass"))
        return clips
    labels: dict[str, dict[str, None]] = {}
    for fname, names in zip(clips["fname"], clips["labels"], strict=True):
        labels.setdefault(fname, {}).update(dict.fromkeys(names))
    about = clips[["fname", "part", "group"]].drop_duplicates()
    check_once(path, about["fname"], "give all rows of a clip the same split and group")
    once = clips.drop_duplicates("fname", ignore_index=True)
    return once.assign(labels=as_cells([tuple(names) for names in labels.values()]))


def _parts(path: Path, table: pd.DataFrame) -> list[str]:
    """For each row one of `SPLITS`; an empty one is `train`."""
    if "split" not in table:
        return ["train"] * len(table)
    parts = [part.strip() or "train" for part in table["split"]]
    if wrong := sorted(set(parts) - set(SPLITS)):
        raise DatasetError(
            f"{path}: expected split out of {', '.join(SPLITS)}, received {some(wrong)}; correct it"
        )
    if "curated" in parts and {"train", "validation"} & set(parts):
        raise DatasetError(
            f"{path}: expected splits curated, noisy, test or train, validation, noisy, test, received both; "
            "write train for curated"
        )
    if not {"train", "curated"} & set(parts) and set(parts) != {"test"}:
        raise DatasetError(f"{path}: expected clips of the split train or curated, received none; name some")
    return parts


def _labels(
    path: Path, table: pd.DataFrame, parts: list[str], expected: str
) -> tuple[list[tuple[str, ...]], str]:
    """The labels of each row, and the task that their column means."""
    columns = [name for name in ("label", "labels") if name in table]
    if len(columns) != 1:
        raise DatasetError(
            f"{path}: expected the columns {expected}, received {', '.join(table.columns)}; correct the header"
        )
    cells = [cell.strip() for cell in table[columns[0]]]
    mark = ";" if any(";" in cell for cell in cells) else ","
    several = columns == ["labels"]
    labels = [_names(cell, mark) if several else (cell,) if cell else () for cell in cells]
    for name, part, cell, names in zip(table["path"], parts, cells, labels, strict=True):
        if "" in names or (not cell and part != "test"):
            raise DatasetError(f"{path}: expected a label for {name!r}, received an empty one; name it")
    return labels, "multilabel" if several else "multiclass"


def _names(cell: str, mark: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in cell.split(mark))) if cell else ()


def _values(
    path: Path, table: pd.DataFrame, parts: list[str], targets: Sequence[str]
) -> list[tuple[float, ...]]:
    check_targets(path, targets, [name for name in table.columns if name not in ("path", "split", "group")])
    cells = zip(*(table[name] for name in targets), strict=True)
    values = [parse_values(path, name, row) for name, row in zip(table["path"], cells, strict=True)]
    for name, part, row in zip(table["path"], parts, values, strict=True):
        if part != "test" and any(map(math.isnan, row)):
            raise DatasetError(
                f"{path}: expected a number for each target of {name!r}, received an empty one"
            )
    return values
