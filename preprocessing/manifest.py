"""What a clean folder knows about itself: `manifest.csv`, one row per clip, and `cleaning.json`, its settings."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import fields
from math import isfinite
from operator import attrgetter
from pathlib import Path
from typing import Any

import pandas as pd

from foundation.files import write_atomic
from foundation.full_disk import writing
from foundation.settings import as_dict, completed
from foundation.text import BYTES_KEPT, CSV_LINE_END, csv_text
from preprocessing.folder import CleanFolderError, check_inside, clean_path
from preprocessing.rows import ClipRow
from preprocessing.settings import CleaningSettings

MANIFEST_NAME = "manifest.csv"
SETTINGS_NAME = "cleaning.json"
MADE_NAME = "made.json"  # names of the clean files that are made here, also of those that have no row yet
COLUMNS = tuple(column.name for column in fields(ClipRow))
_values = attrgetter(*COLUMNS)  # dataclasses.astuple copies each value
_OLDER = (
    COLUMNS[:-3],
    COLUMNS[:-6],
)  # of folders that were made before there were hashes, and before features


def to_table(rows: Iterable[ClipRow]) -> pd.DataFrame:
    """Manifest rows as a table, sorted by split and fname."""
    ordered = sorted(rows, key=lambda row: (row.split, row.fname))
    return pd.DataFrame([_values(row) for row in ordered], columns=list(COLUMNS))


def clean_file(clean_dir: Path | str, row: ClipRow) -> Path:
    """Where the clean file of a usable clip lives, as its manifest row tells."""
    return clean_path(clean_dir, row.split, row.fname, row.suffix)


def read_rows(clean_dir: Path | str, name: str = MANIFEST_NAME) -> list[ClipRow]:
    """The rows of the manifest, or of the part of it that is called `name`; [] without one.

    Of each clip the last, without a line torn by a kill.
    """
    path = Path(clean_dir, name)
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8", errors=BYTES_KEPT) as file:
        text = file.read()
    whole = text[: text.rfind("\n") + 1]
    csv.field_size_limit(max(csv.field_size_limit(), len(whole)))  # a name may be longer than its usual limit
    lines = csv.reader(io.StringIO(whole, newline=""))
    header = next(lines, [])
    if tuple(header) not in (COLUMNS, *_OLDER):
        raise CleanFolderError(f"expected the columns {', '.join(COLUMNS)} in {path}: remake it with --force")
    rows = [_parse(line, path) for line in lines if len(line) == len(header)]
    return list({(row.split, row.fname): row for row in rows}.values())


def write_rows(clean_dir: Path, rows: Iterable[ClipRow], name: str = MANIFEST_NAME) -> None:
    """Replaces the manifest, or a part of it, sorted, whole or not at all."""
    text = _csv([COLUMNS, *map(_values, sorted(rows, key=lambda row: (row.split, row.fname)))])
    write_atomic(clean_dir / name, text.encode("utf-8", BYTES_KEPT))


def append_rows(clean_dir: Path, rows: Iterable[ClipRow], name: str = MANIFEST_NAME) -> None:
    """Adds rows at the end of the manifest, or of a part of it, as work proceeds, so that a kill loses little."""
    path = clean_dir / name
    with writing(path), path.open("a", newline="", encoding="utf-8", errors=BYTES_KEPT) as file:
        file.write(_csv(map(_values, rows)))


def read_made(clean_dir: Path, name: str = MADE_NAME) -> set[Path]:
    """The clean files that were made here, or were about to be when a run was interrupted, by the list of this name.

    A file that is not among them is not ours, and is neither replaced nor removed.

    Raises:
        CleanFolderError: the list cannot be read.
    """
    path = clean_dir / name
    if not path.is_file():  # the folder is new, or was made before there was a list
        rows = read_rows(clean_dir)
        return {clean_file(clean_dir, row) for row in rows if row.has_audio}
    try:
        return {clean_dir / check_inside(name) for name in json.loads(path.read_text(encoding="utf-8"))}
    except (ValueError, TypeError) as error:
        raise CleanFolderError(f"expected a list of clean files in {path}: remove it") from error


def write_made(clean_dir: Path, targets: Iterable[Path], name: str = MADE_NAME) -> None:
    """Lists the clean files: before they are made, and those that there are in the end."""
    names = sorted({target.relative_to(clean_dir).as_posix() for target in targets})
    write_atomic(clean_dir / name, json.dumps(names).encode())


def write_settings(clean_dir: Path, settings: CleaningSettings) -> None:
    """Stores the settings that the folder's audio is cleaned with."""
    write_atomic(clean_dir / SETTINGS_NAME, json.dumps(as_dict(settings), indent=2).encode() + b"\n")


def load_settings(clean_dir: Path | str) -> dict:
    """The settings that a clean folder was made with, as `as_dict` gives them; keys that did not exist then have
    their defaults.

    Raises:
        CleanFolderError: the folder has none, or they cannot be read.
    """
    path = Path(clean_dir, SETTINGS_NAME)
    if not path.is_file():
        raise CleanFolderError(f"expected a clean folder, {path} does not exist: run preprocess.py first")
    try:
        return completed({**json.loads(path.read_text(encoding="utf-8"))}, CleaningSettings)
    except (ValueError, TypeError) as error:
        raise CleanFolderError(
            f"expected JSON in {path}: move the folder away, and make it again with preprocess.py"
        ) from error


def check_fingerprint(clean_dir: Path | str, settings: CleaningSettings) -> None:
    """Raises CleanFolderError with the keys that differ unless the folder was made with these settings."""
    there, asked = _flat(load_settings(clean_dir)), _flat(as_dict(settings))
    keys = [key for key in dict.fromkeys([*there, *asked]) if there.get(key, "-") != asked.get(key, "-")]
    if keys:
        shown = "; ".join(
            f"{key} is {there.get(key, '-')} there, {asked.get(key, '-')} was requested" for key in keys
        )
        raise CleanFolderError(
            f"clean folder {clean_dir} was made with other settings: {shown}. "
            "Use those, choose another clean_dir, or remake it with preprocess.py --force"
        )


def _csv(rows: Iterable[tuple]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator=CSV_LINE_END).writerows(rows)
    return csv_text(buffer.getvalue())


def _parse(line: list[str], path: Path) -> ClipRow:
    kinds: Any = (_finite if column.type is float else column.type for column in fields(ClipRow))
    try:
        return ClipRow(*(kind(text) for kind, text in zip(kinds, line, strict=False)))
    except ValueError as error:
        raise CleanFolderError(
            f"expected a manifest row in {path}, received {line}: remake it with --force"
        ) from error


def _finite(text: str) -> float:
    if not isfinite(number := float(text)):
        raise ValueError(f"expected a finite number, received {text}")
    return number


def _flat(value: object, key: str = "") -> dict[str, object]:
    """{"curated": [{"max_s": 3}]} -> {"curated[0].max_s": 3}"""
    if isinstance(value, dict):
        parts = [(f"{key}.{name}" if key else name, item) for name, item in value.items()]
    elif isinstance(value, list):
        parts = [(f"{key}[{i}]", item) for i, item in enumerate(value)]
    else:
        return {key: value}
    return {name: leaf for part, item in parts for name, leaf in _flat(item, part).items()}
