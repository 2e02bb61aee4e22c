"""Reader of FMA: music from the Free Music Archive, clips of 30 s, a top genre a track, with an official split.

Defferrard, Benzi, Vandergheynst, Bresson, "FMA: a dataset for music analysis", ISMIR 2017.
"""

import csv
import sys
from pathlib import Path

import pandas as pd

from foundation.words import counted, some
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import COLUMNS, Dataset, DatasetError, leave_out, placed

KEYS = ("subset",)
EXPECTED_TREE = """\
    {root}/
        fma_metadata/tracks.csv                          as published, with its three header rows
        fma_small/, fma_medium/ or fma_large/            000/000002.mp3 ... (a larger one serves a smaller subset, too)
    Get it from https://github.com/mdeff/fma (fma_metadata.zip and fma_small.zip, fma_medium.zip or fma_large.zip)."""
SUBSETS = ("small", "medium", "large")  # each is a part of the next
_PARTS = {"training": "train", "validation": "validation", "test": "test"}
_SPLIT, _SUBSET, _GENRE, _ARTIST = (
    ("set", "split"),
    ("set", "subset"),
    ("track", "genre_top"),
    ("artist", "id"),
)
_HEADER_ROWS = 3


def read(settings: DatasetSettings) -> Dataset:
    """The data set at `settings.root`: tracks of the subset that have a top genre, in the official split.

    `fname` is the file's (`000002.mp3`), `group` the artist. Classes are sorted. How many tracks without a top genre
    are left out is printed to stderr.

    Raises:
        DatasetError: a missing part (the message shows the expected tree), or a table that is wrong.
    """
    root, subset = Path(settings.root), settings.subset or "small"
    sizes = SUBSETS[SUBSETS.index(subset) :]
    audio = next((root / f"fma_{size}" for size in sizes if (root / f"fma_{size}").is_dir()), None)
    path = root / "fma_metadata" / "tracks.csv"
    if audio is None or not path.is_file():
        missing = f"fma_{subset}" if audio is None else path.relative_to(root).as_posix()
        tree = EXPECTED_TREE.format(root=root)
        raise DatasetError(f"no FMA data at {root}: {missing} is missing. Expected:\n{tree}")
    table = _tracks(path)
    table = table[table[_SUBSET].isin(SUBSETS[: SUBSETS.index(subset) + 1])]
    known = table[table[_GENRE] != ""].sort_index()
    if left_out := len(table) - len(known):
        print(f"{path}: {counted(left_out, 'track')} without a top genre left out", file=sys.stderr)
    return _dataset(audio, known, settings)


def _dataset(audio: Path, table: pd.DataFrame, settings: DatasetSettings) -> Dataset:
    names = [f"{number:06d}.mp3" for number in table.index]
    clips = pd.DataFrame(
        {
            "fname": names,
            "path": [audio / name[:3] / name for name in names],
            "labels": [(genre,) for genre in table[_GENRE]],
            "group": list(table[_ARTIST]) if _ARTIST in table else "",
        }
    )
    clips = leave_out(placed(clips, list(table[_SPLIT].map(_PARTS))), settings.exclude)
    more = [column for column in clips if column not in COLUMNS]
    classes = tuple(sorted(set(table[_GENRE])))
    return Dataset("fma", clips[[*COLUMNS, *more]], classes, "multiclass", {}, None)


def _tracks(path: Path) -> pd.DataFrame:
    """The columns that are needed, every value a string, by track number. The table has 52 and 250 MB."""
    columns = _columns(path)
    try:
        table = pd.read_csv(
            path,
            skiprows=_HEADER_ROWS,
            header=None,
            usecols=[0, *columns.values()],
            dtype=str,
            na_filter=False,
            encoding="utf-8-sig",
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DatasetError(
            f"{path}: expected tracks.csv of FMA, received one that cannot be read ({error}); download it again"
        ) from None
    if wrong := [number for number in table[0] if not (number.isascii() and number.isdecimal())]:
        raise DatasetError(f"{path}: expected track numbers, received {some(wrong)}; download it again")
    if twice := list(table[0][table[0].duplicated()]):
        raise DatasetError(f"{path}: expected each track once, received {some(twice)} again; keep one row")
    table = table.set_index(table[0].astype(int)).rename(columns={at: name for name, at in columns.items()})
    _check_values(path, table, _SPLIT, list(_PARTS))
    _check_values(path, table, _SUBSET, [*SUBSETS, "full"])
    return table


def _columns(path: Path) -> dict[tuple[str, str], int]:
    """Name in two levels -> position, of the needed columns; the artist's number may be absent."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            upper, lower, last = (row for row, _ in zip(csv.reader(file), range(_HEADER_ROWS), strict=False))
    except (ValueError, csv.Error):  # too few rows, or other bytes
        upper, lower, last = [], [], []
    names = list(zip(upper, lower, strict=False))
    needed = (_SPLIT, _SUBSET, _GENRE)
    if last[:1] != ["track_id"] or not set(needed) <= set(names):
        raise DatasetError(
            f"{path}: expected three header rows with the columns {', '.join(map('/'.join, needed))} and track_id "
            "below, received others; download it again"
        )
    return {name: names.index(name) for name in (*needed, _ARTIST) if name in names}


def _check_values(path: Path, table: pd.DataFrame, column: tuple[str, str], known: list[str]) -> None:
    if wrong := sorted(set(table[column]) - set(known)):
        raise DatasetError(
            f"{path}: expected {'/'.join(column)} out of {', '.join(known)}, received {some(wrong)}; download it again"
        )
