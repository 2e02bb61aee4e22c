"""Reader of folders of audio, one folder a class: GTZAN, ESC-10, or recordings sorted by hand.

Tzanetakis, Cook, "Musical genre classification of audio signals", IEEE Transactions on Speech and Audio Processing
10, 2002.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from itertools import compress
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from foundation.files import read_text
from foundation.text import shown
from foundation.words import counted, some
from tagging.datasets.scan import files_under, may_be_audio, names_as_text
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import COLUMNS, Dataset, DatasetError, composed, leave_out, placed

KEYS = ("lists", "group_pattern")
EXPECTED_TREE = """\
    {root}/
        <class>/    <name>.wav, .au, .mp3, .ogg, .flac ...   (at least two classes)
        <class>/    <any>/<name>.wav                         (subfolders belong to the class)"""
_DEEPER = (
    "clip in a subfolder has the class of the folder above",
    "clips in subfolders have the class of the folder above",
)
_LOOSE = ("audio file in no class folder is left out", "audio files in no class folder are left out")
_NO_AUDIO = ("file that is not audio by name is left out", "files that are not audio by name are left out")
_NO_CLASS = ("folder without audio is not a class", "folders without audio are not classes")
GTZAN_LEVELS = ("genres_original", "genres")


class _File(NamedTuple):
    """A clip of the class `label`; `inner` is its path from the folder of the classes, as text."""

    path: Path
    label: str
    inner: str

    @property
    def name(self) -> str:
        """Without the folders."""
        return self.inner.rpartition("/")[2]

    @property
    def is_deeper(self) -> bool:
        """Whether it is in a subfolder of its class."""
        return self.inner.count("/") > 1


def read(settings: DatasetSettings) -> Dataset:
    """The data set at `settings.root`: the folder's name is the label, all clips `train` unless `lists` say otherwise.

    `fname` is the file's name, or its path from the class on for all clips where a name is there twice. Files are
    listed, not read: preprocess.py refuses those that cannot be decoded. Subfolders of classes belong to them. Classes
    are sorted. What counts as a clip and what does not is printed to stderr, where it is not plain.

    Raises:
        DatasetError: no such folders (the message shows the expected tree), lists that do not fit them, or a file name
            that the pattern of groups does not find.
    """
    root = Path(settings.root)
    home = next((root / level for level in GTZAN_LEVELS if (root / level).is_dir()), root)
    files = _class_files(home) if home.is_dir() else []
    if len({file.label for file in files}) < 2 or all(file.is_deeper for file in files):
        tree = EXPECTED_TREE.format(root=root)
        raise DatasetError(f"{_found(files, root)}{_where(files)}. Expected:\n{tree}")
    are_unique = len({file.name for file in files}) == len(files)
    clips = pd.DataFrame(
        {
            "fname": [file.name if are_unique else file.inner for file in files],
            "path": [file.path for file in files],
            "labels": [(file.label,) for file in files],
            "group": [_group(file.path, settings.group_pattern) for file in files],
        }
    )
    paths = [file.path for file in files]
    part = _listed_parts(settings.lists, files) if settings.lists else dict.fromkeys(paths, "train")
    clips = clips[clips["path"].isin(list(part))]
    clips = leave_out(placed(clips, [part[path] for path in clips["path"]]), settings.exclude)
    classes = tuple(sorted({label for labels in clips["labels"] for label in labels}))
    more = [column for column in clips if column not in COLUMNS]
    return Dataset("folders", clips[[*COLUMNS, *more]], classes, "multiclass", {}, None)


def _class_files(home: Path) -> list[_File]:
    """All clips by the folder of their class, after lines on stderr about what else was found."""
    paths = files_under(home)
    names = names_as_text([path.relative_to(home).as_posix() for path in paths])
    found = [_File(path, name.split("/")[0], name) for path, name in zip(paths, names, strict=True)]
    is_audio = [may_be_audio(file.path) for file in found]
    audio = list(compress(found, is_audio))
    clips = [file for file in audio if "/" in file.inner]
    folders = {file.label for file in found if "/" in file.inner}
    notes = {
        _DEEPER: [f.inner for f in clips if f.is_deeper],
        _LOOSE: [f.inner for f in audio if "/" not in f.inner],
        _NO_AUDIO: [file.inner for file, is_one in zip(found, is_audio, strict=True) if not is_one],
        _NO_CLASS: sorted(folders - {file.label for file in clips}),
    }
    for (one, many), names in notes.items():
        if names:
            print(f"{home}: {counted(len(names), one, many)}: {some(names)}", file=sys.stderr)
    return clips


def _found(files: Sequence[_File], root: Path) -> str:
    """What is there instead of class folders."""
    if files and not any(file.is_deeper for file in files):
        return f"one class folder with audio ({shown(files[0].label)}) at {root}, expected at least two"
    return f"no class folders with audio at {root}"


def _where(files: Sequence[_File]) -> str:
    """What to do where clips are deeper than expected."""
    if not (deeper := [file.inner for file in files if file.is_deeper]):
        return "; set dataset.root=PATH"
    return (
        f", but {counted(len(deeper), 'file')} deeper ({some(deeper, 1)}): set dataset.root to the folder of the class "
        "folders, or list the files in a table (dataset.layout=csv)"
    )


def _group(path: Path, pattern: str | None) -> str:
    if pattern is None:
        return ""
    match = re.search(pattern, path.name)
    if match is None or match[1] is None:
        raise DatasetError(
            f"{path}: expected a name with a group by dataset.group_pattern {pattern!r}, received none; "
            "correct the pattern or rename the file"
        )
    return match[1]


def _listed_parts(lists: Mapping[str, str], files: Sequence[_File]) -> dict[Path, str]:
    """File -> part, of the files that are in a list."""
    spelled: dict[str, list[_File]] = {}
    for file in files:
        suffix = file.path.suffix
        for name in {file.inner, file.name, file.inner.removesuffix(suffix), file.name.removesuffix(suffix)}:
            spelled.setdefault(composed(name), []).append(file)
    part: dict[Path, str] = {}
    for name, path in lists.items():
        for line in _lines(Path(path)):
            named = _named_file(path, line, spelled).path
            if named in part:
                raise DatasetError(
                    f"{path}: expected each clip in one line of one list, received {line!r} again"
                )
            part[named] = name
    return part


def _named_file(path: str, line: str, spelled: Mapping[str, list[_File]]) -> _File:
    """The file that a line means, whatever its ending: GTZAN is there as .au and as .wav."""
    name = composed(line)
    found = spelled.get(name) or spelled.get(name.removesuffix(Path(name).suffix)) or []
    if len(found) != 1:
        received = f"one of {some([file.inner for file in found])}" if found else "no such file"
        raise DatasetError(
            f"{path}: expected clips of the class folders, received for {line!r} {received}; correct the line"
        )
    return found[0]


def _lines(path: Path) -> list[str]:
    try:
        lines = [line.strip() for line in read_text(path).splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(
            f"{path}: expected a text file with one clip per line, received one that cannot be read "
            f"({getattr(error, 'strerror', None) or error}); correct dataset.lists"
        ) from None
    if not (named := [line for line in lines if line]):
        raise DatasetError(
            f"{path}: expected one clip per line, received an empty file; correct dataset.lists"
        )
    return named
