"""What can be predicted: the clips of a data set, or audio files wherever they lie."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from preprocessing.manifest import MADE_NAME, MANIFEST_NAME, SETTINGS_NAME
from preprocessing.settings import CleaningSettings
from tagging.datasets.cleaned import Audio, clean_audio, clean_home, from_clean_folder
from tagging.datasets.scan import audio_under, files_under
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


def audio_source(path: Path, *, are_features: bool = False) -> Source:
    """A file, or the files under a folder that may be audio; `fname` is its path inside the folder.

    Links are followed. Hidden files are left out, and those that are not audio by name, with a line on stderr. Of clean
    folders, and where they `are_features` that were made elsewhere, all files count. What cannot be read, as a dangling
    link, is left to the decoder to refuse.

    Raises:
        DatasetError: no such file or folder, or a folder without audio.
    """
    path = Path(os.path.abspath(path))  # "." would have no parents, and a resolved link another name
    if not path.exists():
        raise DatasetError(f"expected a file or folder of audio, received {path}: no such file or folder")
    home = clean_home(path)
    if path.is_file():
        return Source(_clips(path.parent, [path.name]), home=home)
    own = {home / name for name in (MANIFEST_NAME, SETTINGS_NAME, MADE_NAME)} if home else set()
    every = home or are_features
    files = [file for file in files_under(path) if file not in own] if every else audio_under(path)
    if not files:
        raise DatasetError(f"expected audio files under {path}, found none")
    return Source(_clips(path, [file.relative_to(path).as_posix() for file in files]), home=home)


def _clips(folder: Path, names: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"fname": names, "path": [folder / name for name in names], "split": TEST})
