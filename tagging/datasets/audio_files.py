"""Audio files without a data set: which files of a folder are meant."""

import os
import re
import sys
from pathlib import Path, PurePath

from preprocessing.manifest import MADE_NAME, MANIFEST_NAME, SETTINGS_NAME
from tagging.datasets.cleaned import clean_home
from tagging.datasets.table import DatasetError

_NO_AUDIO = re.compile(
    r"\.(asd|bmp|cfg|csv|cue|db|docx?|gif|gz|h5|hdf5|heic|html?|ini|ipynb|jams|jpe?g|js|json|lab|log|m3u8?|md|md5|mf|midi?|"
    r"nfo|np[yz]|pdf|pkl|png|py|rst|rtf|sh|svg|tar|textgrid|tiff?|toml|tsv|txt|webp|xlsx?|xml|ya?ml|zip)"
)

Files = list[tuple[str, Path]]
"""Names as they are shown, and where the files are."""


def audio_files(path: Path, *, are_features: bool = False) -> Files:
    """A file, or the files under a folder that may be audio, each with its path inside the folder as its name.

    Hidden files are left out, and those whose names are not of audio, with a line on stderr. Of clean folders, and
    where they `are_features`, all files count.

    Raises:
        DatasetError: no such file or folder, or a folder without audio.
    """
    path = Path(os.path.abspath(path))  # "." would have no parents, and a resolved link another name
    if not path.exists():
        raise DatasetError(f"expected a file or folder of audio, received {path}: no such file or folder")
    if path.is_file():
        return [(path.name, path)]
    home = clean_home(path)
    names = _names(path, home)
    names = names if home or are_features else _audio_among(names, path)
    if not names:
        raise DatasetError(f"expected audio files under {path}, found none")
    return [(name, path / name) for name in names]


def is_hidden(name: str) -> bool:
    """Whether a name, or a part of a path, begins with a dot."""
    return any(part.startswith(".") for part in name.split("/"))


def may_be_audio(name: str) -> bool:
    """Not hidden, and with an ending that is not known to be something else; the rest is left to the decoder."""
    suffix = PurePath(name).suffix.lower()
    return bool(suffix) and not _NO_AUDIO.fullmatch(suffix) and not is_hidden(name)


def _names(folder: Path, home: Path | None) -> list[str]:
    """The files that are not hidden, without what a clean folder says of itself."""
    own = {home / name for name in (MANIFEST_NAME, SETTINGS_NAME, MADE_NAME)} if home else set()
    files = [path for path in sorted(set(folder.rglob("*")) - own) if path.is_file()]
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
    print(f"{folder}: {note}", file=sys.stderr)
    return audio
