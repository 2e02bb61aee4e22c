"""The parts of a data set, as it is published: tables, and the folders of audio that they speak of."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from foundation.words import some
from tagging.datasets.archives import is_filled, unpack_audio
from tagging.datasets.layouts.parts.labels import Labels
from tagging.datasets.table import DatasetError


@dataclass(frozen=True)
class Part:
    """A table and the folder with the audio of its clips."""

    table: Path
    folder: Path

    def clips(self, split: str, labels: Labels, suffix: str = "") -> pd.DataFrame:
        """Rows of a clip table, without `group`; `suffix` is what a file name has more than the table says."""
        rows = [(fname, self.folder / f"{fname}{suffix}", names, split) for fname, names in labels.items()]
        return pd.DataFrame(rows, columns=["fname", "path", "labels", "split"])


def open_parts(
    root: Path, name: str, tree: str, parts: Mapping[str, tuple[str, str]], optional: Collection[str] = ()
) -> dict[str, Part]:
    """The parts that are there; a zip next to a missing folder is unpacked into it.

    Args:
        root: folder of the data set.
        name, tree: of the data set and what it should look like, with `{root}`, for the error.
        parts: name -> (table, folder), relative to `root`.
        optional: parts that may be absent, as a whole.

    Raises:
        DatasetError: a part is missing or empty; the message shows the tree.
    """
    found, missing = {}, []
    for key, (table, folder) in parts.items():
        part = Part(root / table, root / folder)
        there = {part.table: part.table.is_file(), part.folder: _has_audio(part.folder)}
        if key in optional and not any(there.values()):
            continue
        missing += [str(path) for path, is_there in there.items() if not is_there]
        found[key] = part
    if missing:
        raise DatasetError(
            f"no {name} data at {root}: {some(missing)} missing or empty. Expected:\n{tree.format(root=root)}"
        )
    for part in found.values():
        if not is_filled(part.folder):
            unpack_audio(_archive(part.folder), part.folder)
    return found


def _has_audio(folder: Path) -> bool:
    return is_filled(folder) or _archive(folder).is_file()


def _archive(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.zip")
