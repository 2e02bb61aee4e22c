"""Reader of mel features in HDF5: one group per part, one row per clip, each row an image of (frames, bands)."""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from foundation.words import some
from tagging.datasets.layouts.parts.rows import PART_NAMES, row_clips, rows_dataset
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import Dataset, DatasetError

FILE = "fma_mel_features.h5"
EXPECTED_TREE = """\
    {root}/
        fma_mel_features.h5    groups train, val and test (or training, validation, test); only the first must be there
            X        (clips, frames, bands), numbers, time before bands
            y        (clips,), genres as strings, or as numbers from 0
            genres   at the file's top, dataset or attribute: the names of those numbers   (optional)"""


def read(settings: DatasetSettings) -> Dataset:
    """The data set in `settings.root`: `path` the HDF5 file, `key` the dataset in it, `row` the clip's row.

    The group `val` validates. Classes are in the order of `genres`, else sorted (numbers by size).

    Raises:
        DatasetError: no such file or group (the message shows the expected tree), or arrays of another kind.
    """
    root = Path(settings.root)
    path = root / FILE
    try:
        with h5py.File(path, "r") as file:
            return _read_file(path, file, settings)
    except FileNotFoundError:
        raise DatasetError(f"no {FILE} at {root}. Expected:\n{EXPECTED_TREE.format(root=root)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(
            f"{path}: expected an HDF5 file, received another or a broken one ({' '.join(str(error).split())}); "
            "make it again"
        ) from None


def _read_file(path: Path, file: h5py.File, settings: DatasetSettings) -> Dataset:
    found = {part: next((name for name in names if name in file), None) for part, names in PART_NAMES.items()}
    if found["train"] is None:
        raise DatasetError(
            f"{path}: expected a group train, received {some(sorted(file))}. Expected:\n"
            f"{EXPECTED_TREE.format(root=path.parent)}"
        )
    genres = _genres(path, file)
    labels = {part: _labels(path, file, name, genres) for part, name in found.items() if name}
    tables: list[pd.DataFrame] = [
        row_clips(part, path, f"{found[part]}/X", names) for part, names in labels.items()
    ]
    every = {label for names in labels.values() for label in names}
    classes = genres or sorted(every, key=lambda label: (not label.isdecimal(), label.zfill(9), label))
    return rows_dataset("fma_features", tables, classes, settings)


def _genres(path: Path, file: h5py.File) -> list[str] | None:
    """Names of the numbers in `y`, if the file has them."""
    stored = file.get("genres", file.attrs.get("genres"))
    if stored is None:
        return None
    names = _strings(stored[()] if isinstance(stored, h5py.Dataset) else stored)
    if names is None or len(set(names)) < len(names):
        raise DatasetError(f"{path}: expected genres of strings, each once, received others; correct them")
    return names


def _labels(path: Path, file: h5py.File, group: str, genres: list[str] | None) -> list[str]:
    """The labels of a group's rows, checked against its features, which are not read."""
    where = f"{path}: {group}"
    features, answers = (
        file[group].get(name) if isinstance(file[group], h5py.Group) else None for name in ("X", "y")
    )
    if not isinstance(features, h5py.Dataset) or not isinstance(answers, h5py.Dataset):
        raise DatasetError(f"{where}: expected datasets X and y in the group, received others; add them")
    if any(data.file != file or data.external or data.is_virtual for data in (features, answers)):
        raise DatasetError(f"{where}: expected X and y in this file, they are in another; store them in it")
    if features.dtype.kind not in "fiu" or features.ndim != 3:
        raise DatasetError(
            f"{where}/X: expected numbers of shape (clips, frames, bands), received {features.dtype} of shape "
            f"{features.shape}; store it so"
        )
    if answers.shape != features.shape[:1] or not len(answers):
        raise DatasetError(
            f"{where}/y: expected a label for each of {len(features)} clips, received shape {answers.shape}; "
            "store one string or number per clip"
        )
    return _as_names(f"{where}/y", answers[()], genres)


def _as_names(where: str, values: np.ndarray, genres: list[str] | None) -> list[str]:
    if (names := _strings(values)) is not None:
        if genres and (wrong := sorted(set(names) - set(genres))):
            raise DatasetError(f"{where}: expected labels out of genres, received {some(wrong)}; correct it")
        if "" in names:
            raise DatasetError(
                f"{where}: expected one label per clip, received an empty one in row {names.index('')}"
            )
        return names
    if values.dtype.kind not in "iu":
        raise DatasetError(
            f"{where}: expected strings or whole numbers, received {values.dtype}; store the genres' names"
        )
    most = len(genres) if genres else np.iinfo(np.int32).max
    if wrong := sorted({str(value) for value in values if not 0 <= value < most}):
        raise DatasetError(
            f"{where}: expected numbers from 0 to {most - 1}, received {some(wrong)}; correct it"
        )
    return [genres[value] if genres else str(value) for value in values]


def _strings(values: np.ndarray) -> list[str] | None:
    """Text of whatever kind HDF5 has (bytes of a fixed length, or of any) as a list; None: something else."""
    items = np.ravel(values).tolist()
    if not items or not all(isinstance(item, bytes | str) for item in items):
        return None
    return [item.decode("utf-8") if isinstance(item, bytes) else item for item in items]
