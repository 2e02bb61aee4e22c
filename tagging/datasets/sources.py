"""What can be predicted: the clips of a data set, or audio files wherever they lie."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from foundation.text import shown
from preprocessing.manifest import MADE_NAME, MANIFEST_NAME, SETTINGS_NAME
from preprocessing.settings import CleaningSettings
from tagging.datasets.audio_names import is_hidden, may_be_audio
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


def audio_source(path: Path, *, are_features: bool = False) -> Source:
    """A file, or the files under a folder that may be audio; `fname` is its path inside the folder.

    Hidden files are left out, and those whose names are not of audio, with a line on stderr. Of clean folders, and
    where they `are_features` that were made elsewhere, all files count.

    Raises:
        DatasetError: no such file or folder, or a folder without audio.
    """
    path = Path(os.path.abspath(path))  # "." would have no parents, and a resolved link another name
    if not path.exists():
        raise DatasetError(f"expected a file or folder of audio, received {path}: no such file or folder")
    home = clean_home(path)
    if not path.is_dir():
        return Source(_clips(path.parent, [path.name]), home=home)
    names = _names(path, home)
    names = names if home or are_features else _audio_among(names, path)
    if not names:
        raise DatasetError(f"expected audio files under {path}, found none")
    return Source(_clips(path, names), home=home)


def _clips(folder: Path, names: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"fname": names, "path": [folder / name for name in names], "split": TEST})


def _names(folder: Path, home: Path | None) -> list[str]:
    """The files that are not hidden, without what a clean folder says of itself; pipes and dead links, too."""
    own = {home / name for name in (MANIFEST_NAME, SETTINGS_NAME, MADE_NAME)} if home else set()
    files = [path for path in sorted(set(folder.rglob("*")) - own) if not path.is_dir()]
    names = [file.relative_to(folder).as_posix() for file in files]
    return [name for name in names if not is_hidden(name)]


def _audio_among(names: list[str], folder: Path) -> list[str]:
    audio = [name for name in names if may_be_audio(name)]
    others = sorted(set(names) - set(audio))
    if not others:
        return audio
    note = (
        f"skipped {len(others)} non-audio files by name (e.g. {others[0]}); to try one, name the file itself"
    )
    if not audio:
        raise DatasetError(f"expected audio files under {folder}, found none; {note}")
    print(shown(f"{folder}: {note}"), file=sys.stderr)
    return audio
