"""Files whose names are composed in the table and decomposed on disk, or the reverse: `ü` is one character or two."""

import os
from dataclasses import replace
from pathlib import Path

import pandas as pd

from foundation.words import some
from tagging.datasets.table import Dataset, DatasetError, composed

_Folders = dict[Path, dict[str, list[str]]]
"""Folder -> composed name -> the names in the folder that look like it."""


def found_on_disk(dataset: Dataset) -> Dataset:
    """The data set with the paths as they are on disk, where they are there in another Unicode form only.

    Raises:
        DatasetError: a file that could be several.
    """
    paths = [Path(path) for path in dataset.clips["path"]]
    folders: _Folders = {}
    found = {path: _spelled(path, folders) for path in dict.fromkeys(paths) if not str(path).isascii()}
    if all(path == other for path, other in found.items()):
        return dataset
    column = pd.Series([found.get(path, path) for path in paths], dataset.clips.index, object)
    return replace(dataset, clips=dataset.clips.assign(path=column))


def _spelled(path: Path, folders: _Folders) -> Path:
    """The path that is there; the same where none is."""
    if os.path.lexists(path) or path.parent == path:
        return path
    folder = _spelled(path.parent, folders)
    names = _names(folder, folders).get(composed(path.name), [path.name])
    if len(names) > 1:
        shown = some([name.encode("ascii", "backslashreplace").decode() for name in names])
        raise DatasetError(
            f"{folder}: expected one file called {path.name!r}, received {len(names)} with names that look the same: "
            f"{shown}; rename or remove one"
        )
    return folder / names[0]


def _names(folder: Path, folders: _Folders) -> dict[str, list[str]]:
    if folder not in folders:
        names = folders[folder] = {}
        try:
            listed = sorted(os.listdir(folder))
        except (OSError, ValueError):  # a folder that is not there has no files
            listed = []
        for name in listed:
            names.setdefault(composed(name), []).append(name)
    return folders[folder]
