"""What lies in a folder, however deep, and which of it may be audio."""

import os
import re
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from foundation.text import as_text, percent
from foundation.words import counted
from tagging.datasets.table import DatasetError

_NO_AUDIO = re.compile(
    r"\.(asd|bmp|cfg|csv|cue|db|docx?|gif|gz|h5|hdf5|heic|html?|ini|ipynb|jams|jpe?g|js|json|lab|log|m3u8?|md|md5|mf|midi?|"
    r"nfo|np[yz]|pdf|pkl|png|py|rst|rtf|sh|svg|tar|textgrid|tiff?|toml|tsv|txt|webp|xlsx?|xml|ya?ml|zip)"
)
_AWKWARD = re.compile(r"[\0-\x1f\x7f\\]")
_HEAD_BYTES = 8192


def files_under(folder: Path) -> list[Path]:
    """All but folders under a folder, sorted, without hidden ones and what is in hidden folders.

    Linked folders are followed, after all others, and each folder is listed once: links in a circle end. What is not a
    plain file (a dangling link, a pipe) is in the list, and so are subfolders that cannot be listed: whoever reads them
    says why they are of no use.

    Raises:
        OSError: the folder itself cannot be listed.
    """
    found: list[Path] = []
    seen: set[tuple[int, int]] = set()
    folders, links = deque([folder]), deque[Path]()
    while folders or links:
        here = (folders or links).popleft()
        try:
            stat = here.stat()
            names = [] if (stat.st_dev, stat.st_ino) in seen else os.listdir(here)
        except OSError:
            if here == folder:
                raise
            found.append(here)
            continue
        seen.add((stat.st_dev, stat.st_ino))
        for path in (here / name for name in names if not name.startswith(".")):
            if not os.path.isdir(path):  # Path.is_dir raises where a link cannot be followed
                found.append(path)
            else:
                (links if path.is_symlink() else folders).append(path)
    return sorted(found)


def audio_under(folder: Path) -> list[Path]:
    """The files under a folder that may be audio, sorted; a line on stderr counts the others.

    Raises:
        DatasetError: there are none.
    """
    files = files_under(folder)
    audio = [file for file in files if may_be_audio(file)]
    others = sorted(file.relative_to(folder).as_posix() for file in set(files) - set(audio))
    note = (
        f"skipped {counted(len(others), 'non-audio file')} by name (e.g. {others[0]}); to try one, name the file itself"
        if others
        else ""
    )
    if not audio:
        raise DatasetError(f"expected audio files under {folder}, found none{'; ' * bool(note)}{note}")
    if note:
        print(f"{folder}: {note}", file=sys.stderr)
    return audio


def names_as_text(names: Sequence[str]) -> list[str]:
    """Names of files as names of clips, in which bytes that are not UTF-8 are written `%E9`.

    So are control characters, and the backslash, which separates folders on some systems.

    Raises:
        DatasetError: two names would become one.
    """
    originals: dict[str, str] = {}
    texts = [_AWKWARD.sub(lambda match: percent(match[0]), as_text(name)) for name in names]
    for name, text in zip(names, texts, strict=True):
        if originals.setdefault(text, name) != name:
            raise DatasetError(
                f"expected a name of its own for each clip, received two files {text!r}; rename one"
            )
    return texts


def may_be_audio(path: Path) -> bool:
    """Whether an ending is not known to be something else, or, without an ending, whether the content is not text.

    The rest is left to the decoder, as is what is not a plain file.
    """
    suffix = path.suffix.lower()
    return not _NO_AUDIO.fullmatch(suffix) if suffix else not path.is_file() or _is_binary(path)


def _is_binary(path: Path) -> bool:
    """As Git tells it: a zero byte near the start."""
    try:
        with path.open("rb") as file:
            return b"\0" in file.read(_HEAD_BYTES)
    except OSError:
        return True
