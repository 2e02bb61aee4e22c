"""Reader of folders of audio, one folder a class: GTZAN, ESC-10, or recordings sorted by hand.

Tzanetakis, Cook, "Musical genre classification of audio signals", IEEE Transactions on Speech and Audio Processing
10, 2002.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from tagging.datasets.audio_names import may_be_audio
from tagging.datasets.csv_files import some
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import COLUMNS, Dataset, DatasetError, leave_out, placed

KEYS = ("lists", "group_pattern")
EXPECTED_TREE = """\
    {root}/
        <class>/    <name>.wav, .au, .mp3, .ogg, .flac ...   (at least two classes)
    with names of your own, or GTZAN's, where the classes may also be in genres/ or genres_original/:
        genres/
            blues/ ... rock/    blues.00000.wav or .au"""
GTZAN_LEVELS = ("genres_original", "genres")


def read(settings: DatasetSettings) -> Dataset:
    """The data set at `settings.root`: the folder's name is the label, all clips `train` unless `lists` say otherwise.

    `fname` is the file's name, or `class/name` for all clips where a name is there twice. Files are listed, not read:
    preprocess.py refuses those that cannot be decoded. Classes are sorted.

    Raises:
        DatasetError: no such folders (the message shows the expected tree), lists that do not fit them, or a file name
            that the pattern of groups does not find.
    """
    root = Path(settings.root)
    files = [file for folder in _class_folders(root) for file in _audio_in(folder)]
    if len({file.parent for file in files}) < 2:
        raise DatasetError(
            f"no class folders with audio at {root}. Expected:\n{EXPECTED_TREE.format(root=root)}"
        )
    are_unique = len({file.name for file in files}) == len(files)
    clips = pd.DataFrame(
        {
            "fname": [file.name if are_unique else _inner_name(file) for file in files],
            "path": files,
            "labels": [(file.parent.name,) for file in files],
            "group": [_group(file, settings.group_pattern) for file in files],
        }
    )
    part = _listed_parts(settings.lists, files) if settings.lists else dict.fromkeys(files, "train")
    clips = clips[clips["path"].isin(list(part))]
    clips = leave_out(placed(clips, [part[path] for path in clips["path"]]), settings.exclude)
    classes = tuple(sorted({label for labels in clips["labels"] for label in labels}))
    more = [column for column in clips if column not in COLUMNS]
    return Dataset("folders", clips[[*COLUMNS, *more]], classes, "multiclass", {}, None)


def _class_folders(root: Path) -> list[Path]:
    home = next((root / level for level in GTZAN_LEVELS if (root / level).is_dir()), root)
    if not home.is_dir():
        return []
    return sorted(path for path in home.iterdir() if path.is_dir() and not path.name.startswith("."))


def _audio_in(folder: Path) -> list[Path]:
    """The files of a class by name; other formats than those known to be no audio are left to the decoder."""
    found = sorted(folder.iterdir())
    files = [
        path for path in found if not path.is_dir() and may_be_audio(path.name)
    ]  # pipes are refused later
    deeper = [path for path in found if path.is_dir() and not path.name.startswith(".")]
    if files and deeper:
        raise DatasetError(
            f"{folder}: expected only audio files, received the folder {deeper[0].name!r} next to them; "
            "move its files up or out"
        )
    return files


def _inner_name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


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


def _listed_parts(lists: Mapping[str, str], files: list[Path]) -> dict[Path, str]:
    """File -> part, of the files that are in a list."""
    spelled: dict[str, list[Path]] = {}
    for file in files:
        inner = _inner_name(file)
        for name in {inner, file.name, inner.removesuffix(file.suffix), file.stem}:
            spelled.setdefault(name, []).append(file)
    part: dict[Path, str] = {}
    for name, path in lists.items():
        for line in _lines(Path(path)):
            file = _named_file(path, line, spelled)
            if file in part:
                raise DatasetError(
                    f"{path}: expected each clip in one line of one list, received {line!r} again"
                )
            part[file] = name
    return part


def _named_file(path: str, line: str, spelled: Mapping[str, list[Path]]) -> Path:
    """The file that a line means, whatever its ending: GTZAN is there as .au and as .wav."""
    found = spelled.get(line) or spelled.get(line.removesuffix(Path(line).suffix)) or []
    if len(found) != 1:
        received = f"one of {some([_inner_name(file) for file in found])}" if found else "no such file"
        raise DatasetError(
            f"{path}: expected clips of the class folders, received for {line!r} {received}; correct the line"
        )
    return found[0]


def _lines(path: Path) -> list[str]:
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
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
