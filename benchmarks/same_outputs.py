"""Compares the outputs of two runs of the same commands, to the last digit: what `benchmarks.old_and_new` stands on.

Imports nothing of the project, so that it is the same on any checkout. Of each kind of file, what no two runs share
(times, versions, names of folders) is left out; images, pages, models and logs are not compared.
"""

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

Values = Mapping[str, np.ndarray]  # what a file says: a name -> an array of numbers or of text
_RUN_KEYS = (
    "task",
    "classes",
    "train_clips",
    "validation_clips",
    "parameters",
    "trainable_parameters",
    "epochs",
    "best_epoch",
    "validation",
)
_VOLATILE_COLUMNS = {
    "history.csv": ("seconds",),
    "trials.csv": ("seconds",),
    "manifest.csv": (
        "audio_hash",  # whose kind depends on the version; clean files are compared themselves
        "source_mtime_ns",
        "source_hash",
        "clean_hash",
        "clean_mtime_ns",
    ),
}
_SETTINGS_FILES = (
    "cleaning.json",
    "sweep.json",
    "stage.json",
    "made.json",
)  # keys and names, which may be others
_BYTES = (".csv", ".json", ".jsonl", ".txt", ".wav", ".npy")
SAME = "equal"


class Item(NamedTuple):
    """One compared file: its path inside the folder, the largest difference of its numbers, and what differs.

    `difference` is 0 where all is equal, infinite where something is missing or is not a number.
    """

    name: str
    difference: float
    what: str

    @property
    def is_equal(self) -> bool:
        return self.what == SAME


def compare_folders(old: Path, new: Path) -> list[Item]:
    """All files that are to be equal under two folders, by name; a file that one of them lacks is a difference."""
    names = sorted({*_compared_files(old), *_compared_files(new)})
    return [_compare(name, old / name, new / name) for name in names]


def _compared_files(folder: Path) -> list[str]:
    files = (path for path in folder.rglob("*") if path.is_file() and _is_compared(path))
    return [str(path.relative_to(folder)) for path in files]


def _is_compared(path: Path) -> bool:
    hidden = path.name.startswith(".") or path.name in _SETTINGS_FILES
    return not hidden and path.suffix in (*_BYTES, ".npz")


def _compare(name: str, old: Path, new: Path) -> Item:
    for side, path in (("old", old), ("new", new)):
        if not path.is_file():
            return Item(name, np.inf, f"missing in {side}")
    if old.read_bytes() == new.read_bytes():
        return Item(name, 0.0, SAME)
    reader = _reader(old)
    if reader is None:
        return Item(name, np.inf, "other bytes")
    item = _compare_values(name, reader(old), reader(new))
    if item.is_equal and _reader_is_loose(old):
        return item
    return Item(name, item.difference, "other bytes, same values") if item.is_equal else item


def _reader(path: Path) -> Callable[[Path], Values] | None:
    if path.name == "run.json":
        return _read_run
    return {".npz": _read_arrays, ".csv": _read_table, ".json": _read_json}.get(path.suffix)


def _reader_is_loose(path: Path) -> bool:
    """Whether equal values are enough: archives and runs have times in them, some tables too."""
    return path.suffix == ".npz" or path.name == "run.json" or path.name in _VOLATILE_COLUMNS


def _compare_values(name: str, old: Values, new: Values) -> Item:
    if odd := sorted(set(old) ^ set(new)):
        side = "new" if odd[0] in old else "old"
        return Item(name, np.inf, f"{odd[0]} missing in {side}")
    worst = Item(name, 0.0, SAME)
    for key in old:
        difference = _difference(old[key], new[key])
        if difference is not None and (worst.is_equal or difference > worst.difference):
            worst = Item(name, difference, key)
    return worst


def _difference(old: np.ndarray, new: np.ndarray) -> float | None:
    """None: equal, also if both are NaN; else the largest difference, infinite if not numbers."""
    if old.shape != new.shape or old.dtype != new.dtype:
        return np.inf
    if old.dtype.kind not in "fiu":
        return None if np.array_equal(old, new) else np.inf
    if np.array_equal(old, new, equal_nan=old.dtype.kind == "f"):
        return None
    apart = np.abs(old.astype(np.float64) - new.astype(np.float64))
    apart[np.isnan(old) & np.isnan(new)] = 0.0
    return float(np.nan_to_num(apart, nan=np.inf).max())


def _read_run(path: Path) -> Values:
    content = json.loads(path.read_text(encoding="utf-8"))
    return _flat({key: content[key] for key in _RUN_KEYS if key in content})


def _read_json(path: Path) -> Values:
    return _flat(json.loads(path.read_text(encoding="utf-8")))


def _read_arrays(path: Path) -> Values:
    with np.load(path, allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


def _read_table(path: Path) -> Values:
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    left_out = _VOLATILE_COLUMNS.get(path.name, ())
    cells = {name: [row[number : number + 1] for row in rows] for number, name in enumerate(header)}
    return {name: _column(["".join(cell) for cell in cells[name]]) for name in header if name not in left_out}


def _column(texts: list[str]) -> np.ndarray:
    """Numbers, NaN for empty cells; as text where one is none."""
    try:
        return np.array([float(text or "nan") for text in texts], np.float64)
    except ValueError:
        return np.array(texts)


def _flat(value: Any, name: str = "") -> dict[str, np.ndarray]:
    """The leaves of nested dictionaries and lists, by their path."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        return {k: v for key, part in parts for k, v in _flat(part, f"{name}.{key}".lstrip(".")).items()}
    return {name: _as_array([value])}


def _as_array(values: list[Any]) -> np.ndarray:
    """Numbers as float64; anything else as its text."""
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return np.array(values, np.float64) if numbers else np.array([repr(value) for value in values])
