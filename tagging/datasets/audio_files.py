"""Audio files without a data set: which files of a folder are meant."""

import os
from pathlib import Path

from foundation.text import as_text
from preprocessing.manifest import MADE_NAME, MANIFEST_NAME, SETTINGS_NAME
from tagging.datasets.cleaned import clean_home
from tagging.datasets.scan import audio_under, files_under
from tagging.datasets.table import DatasetError

Files = list[tuple[str, Path]]
"""Names as they are shown, and where the files are."""


def audio_files(path: Path, *, are_features: bool = False) -> Files:
    """A file, or the files under a folder that may be audio, each with its path inside the folder as its name.

    Links are followed. Hidden files are left out, and those whose names are not of audio, with a line on stderr. Of
    clean folders, and where they `are_features`, all files count. What cannot be read, as a dangling link, is left to
    the decoder to refuse.

    Raises:
        DatasetError: no such file or folder, or a folder without audio.
    """
    path = Path(os.path.abspath(path))  # "." would have no parents, and a resolved link another name
    if not path.exists():
        raise DatasetError(f"expected a file or folder of audio, received {path}: no such file or folder")
    if not path.is_dir():
        return [(as_text(path.name), path)]
    home = clean_home(path)
    own = {home / name for name in (MANIFEST_NAME, SETTINGS_NAME, MADE_NAME)} if home else set()
    every = home or are_features
    files = [file for file in files_under(path) if file not in own] if every else audio_under(path)
    if not files:
        raise DatasetError(f"expected audio files under {path}, found none")
    return [(as_text(file.relative_to(path).as_posix()), file) for file in files]
