"""What can be predicted: the clips of a data set, or audio files wherever they lie."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from preprocessing.manifest import MANIFEST_NAME, SETTINGS_NAME
from preprocessing.settings import CleaningSettings
from tagging.datasets.cleaned import Audio, clean_audio, clean_home, from_clean_folder
from tagging.datasets.table import DatasetError

TEST = "test"  # files without a data set are cleaned as its test clips are


@dataclass(frozen=True)
class Source:
    """Clips to predict.

    Attributes:
        clips: clip table.
        is_dataset: whether they are a data set's: clean folders may hold their audio, and each must be usable.
        home: the clean folder whose files the clips are; None: they are raw.
    """

    clips: pd.DataFrame
    is_dataset: bool = False
    home: Path | None = None

    @contextmanager
    def audio(self, cleaning: CleaningSettings, folders: Sequence[Path], jobs: int) -> Iterator[Audio]:
        """The clips with audio cleaned in this way, for a data set out of one of `folders` if it fits."""
        if self.home:
            yield from_clean_folder(self.clips, self.home, cleaning)
            return
        with clean_audio(self.clips, folders if self.is_dataset else [], cleaning, jobs) as audio:
            yield audio


def audio_source(path: Path) -> Source:
    """A file, or every file under a folder but hidden ones; `fname` is its path inside the folder."""
    path = Path(os.path.abspath(path))  # "." would have no parents, and a resolved link another name
    if not path.exists():
        raise DatasetError(f"expected a file or folder of audio, received {path}: no such file or folder")
    folder, home = (path.parent if path.is_file() else path), clean_home(path)
    own = {home / MANIFEST_NAME, home / SETTINGS_NAME} if home else set()
    found = [path] if path.is_file() else sorted(set(path.rglob("*")) - own)
    names = {file.relative_to(folder).as_posix(): file for file in found if file.is_file()}
    shown = {name: file for name, file in names.items() if file == path or not _is_hidden(name)}
    if not shown:
        raise DatasetError(f"expected audio files under {path}, found none")
    return Source(pd.DataFrame({"fname": shown.keys(), "path": shown.values(), "split": TEST}), home=home)


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))
