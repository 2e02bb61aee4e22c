"""Reader of fused features: an array a clip, 128 mel bands over 12 of chroma, with a list of genres or of moods."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from foundation.words import some
from tagging.datasets.csv_files import is_plain_name
from tagging.datasets.layouts.parts.targets import check_targets, parse_values
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import COLUMNS, Dataset, DatasetError, as_cells, leave_out

KEYS = ("targets",)
PARTS = {"mel": 128, "chroma": 12}
EXPECTED_TREE = """\
    {root}/                      fma_genre_spectrograms, multitask_dataset, or their *_beat
        train_labels.txt         Id,Genre or Id,valence,energy,danceability
        test_labels.txt          the same, or the Ids alone   (optional)
        train/*.fused.full.npy   or .npy.gz, arrays of (140, frames); <Id> is the name up to the first dot
        test/*.fused.full.npy    as above
    Lists and arrays may also be in one folder, without train/ and test/."""
_ID_NAMES = ("id", "file", "filename", "fname", "track_id")
_GENRE_NAMES = ("genre", "genres", "label", "class")


@dataclass(frozen=True)
class _List:
    """A list of clips: Id -> the other cells of its line; `columns` are their names in the header, or nothing."""

    path: Path
    columns: tuple[str, ...]
    cells: dict[str, tuple[str, ...]]


def read(settings: DatasetSettings) -> Dataset:
    """The data set at `settings.root`, which is one of the folders: `train` and `test`, `fname` the Id of each clip.

    A list of genres is a data set of one label a clip, classes sorted; a list of numbers is one of regression, targets
    in the order of `settings.targets`, or of the header.

    Raises:
        DatasetError: a missing part (the message shows the expected tree), or a list that is wrong.
    """
    root = Path(settings.root)
    lists = {split: path for split in ("train", "test") if (path := _list_path(root, split)) is not None}
    if "train" not in lists:
        tree = EXPECTED_TREE.format(root=root)
        raise DatasetError(f"no fused features at {root}: no train_labels.txt. Expected:\n{tree}")
    read_lists = {split: _read_list(path) for split, path in lists.items()}
    train = read_lists["train"]
    is_mood = bool(set(map(str.lower, train.columns)) - set(_GENRE_NAMES))
    if settings.targets and not is_mood:
        raise DatasetError(
            f"{train.path}: expected numbers for dataset.targets, received genres; remove the key"
        )
    check_targets(train.path, settings.targets or [], train.columns)
    _check_columns(read_lists, is_mood)
    targets = tuple(settings.targets or train.columns)
    tables = [_clips(root, split, found, targets if is_mood else ()) for split, found in read_lists.items()]
    clips = leave_out(pd.concat(tables, ignore_index=True), settings.exclude)
    if is_mood:
        return Dataset("fused", clips[[*COLUMNS, "values"]], targets, "regression", {}, None)
    classes = tuple(sorted({label for labels in clips["labels"] for label in labels}))
    return Dataset("fused", clips[list(COLUMNS)], classes, "multiclass", {}, None)


def _list_path(root: Path, split: str) -> Path | None:
    places = (root / f"{split}_labels.txt", root / split / f"{split}_labels.txt")
    return next((path for path in places if path.is_file()), None)


def _read_list(path: Path) -> _List:
    """Lines of `Id` and cells, by tab, comma or white space, whichever the first line has."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"{path}: expected UTF-8, received other bytes ({error.reason}); save it so"
        ) from None
    lines = {number: line.strip() for number, line in enumerate(text.splitlines(), 1) if line.strip()}
    first = next(iter(lines.values()), "")
    mark = next((mark for mark in "\t," if mark in first), None)
    rows = {number: _cells(line, mark) for number, line in lines.items()}
    has_header = _cells(first, mark)[0].lower() in _ID_NAMES if first else False
    columns = rows.pop(next(iter(rows)))[1:] if has_header else ()
    if not rows:
        raise DatasetError(f"{path}: expected one line per clip, received none; download it again")
    return _List(path, columns, _by_id(path, columns, rows.items()))


def _cells(line: str, mark: str | None) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in (line.split(mark) if mark else line.split(maxsplit=1)))


def _by_id(path: Path, columns: tuple[str, ...], rows: Iterable[tuple[int, tuple[str, ...]]]) -> dict:
    width = len(columns) or 1
    found: dict[str, tuple[str, ...]] = {}
    for number, (name, *cells) in rows:
        if len(cells) not in (0, width):
            raise DatasetError(
                f"{path}: expected {1 + width} fields per line, received {1 + len(cells)} in line {number}; correct it"
            )
        clip = _id(name)
        if not is_plain_name(name) or not clip:
            raise DatasetError(
                f"{path}: expected a file's name in line {number}, received {name!r}; correct it"
            )
        if clip in found:
            raise DatasetError(f"{path}: expected each clip once, received {clip!r} again in line {number}")
        found[clip] = tuple(cells) or ("",) * width
    return found


def _id(name: str) -> str:
    """Lists and folders write names otherwise (`1.fused.full.npy.gz`, `1.beatsync.fused.npy`, `1`)."""
    return name.split(".", 1)[0]


def _check_columns(lists: dict[str, _List], is_mood: bool) -> None:
    train = lists["train"]
    if len(set(train.columns)) < len(train.columns):
        raise DatasetError(f"{train.path}: expected each column once, received {', '.join(train.columns)}")
    for found in lists.values():
        has_answers = any(any(cells) for cells in found.cells.values())
        differs = found.columns != train.columns
        if differs and ((found.columns and train.columns) or (is_mood and has_answers)):
            raise DatasetError(
                f"{found.path}: expected the header of {train.path.name} ({', '.join(train.columns)} after Id), "
                f"received {', '.join(found.columns) or 'none'}; correct it"
            )


def _clips(root: Path, split: str, found: _List, targets: tuple[str, ...]) -> pd.DataFrame:
    """The clips of a list; `values` in the order of `targets`, if there are any, else `labels`."""
    names = list(found.cells)
    clips = pd.DataFrame({"fname": names, "split": split, "group": ""})
    clips["path"] = as_cells(_paths(root, split, names))
    if targets:
        answers: list[tuple] = [_values(found, name, targets) for name in names]
        unknown = [name for name, row in zip(names, answers, strict=True) if any(map(math.isnan, row))]
        clips["labels"], clips["values"] = as_cells([()] * len(names)), as_cells(answers)
    else:
        answers = [tuple(filter(None, cells)) for cells in found.cells.values()]
        unknown = [name for name, row in zip(names, answers, strict=True) if not row]
        clips["labels"] = as_cells(answers)
    if unknown and split == "train":
        raise DatasetError(
            f"{found.path}: expected an answer for each clip, received none for {some(unknown)}; remove those lines"
        )
    return clips


def _values(found: _List, name: str, targets: tuple[str, ...]) -> tuple[float, ...]:
    """All NaN where the list has Ids alone."""
    cells = dict(zip(found.columns, found.cells[name], strict=False))
    return parse_values(found.path, name, [cells.get(target, "") for target in targets])


def _paths(root: Path, split: str, names: list[str]) -> list[Path]:
    """The file of each Id; where there is none, the name that it should have (preprocess.py lists it as missing)."""
    folder = root / split if (root / split).is_dir() else root
    files: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.endswith((".npy", ".npy.gz")) and not path.name.startswith("."):
            other = files.setdefault(_id(path.name), path)
            if path not in (other, other.with_name(f"{other.name}.gz")):  # the same file, packed and unpacked
                raise DatasetError(
                    f"{folder}: expected one file per clip, received {other.name} and {path.name}"
                )
    if not set(names) & set(files):
        tree = EXPECTED_TREE.format(root=root)
        raise DatasetError(f"no fused features at {folder}: no file of {some(names)}. Expected:\n{tree}")
    return [files.get(name, folder / f"{name}.fused.full.npy") for name in names]
