"""Files in a clean folder: where a clip lives."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath

from foundation.errors import UserError
from foundation.locks import shared_lock
from foundation.parts import PART_PREFIX

HEADER_BYTES = 44  # of every clean WAV file; its samples start here
FEATURE_HEADER_BYTES = 128  # of every .npy file of features; its values start here
AUDIO_SUFFIX, FEATURE_SUFFIX = ".wav", ".npy"
LOCK_NAME, READERS_NAME = ".lock", ".readers.lock"
NAME_LIMIT_BYTES = 255  # of one file name on common file systems


class CleanFolderError(UserError):
    """A clean folder that cannot be used as asked; the message is one line for the user."""


@contextmanager
def reading(clean_dir: Path) -> Iterator[None]:
    """No file of the clean folder is replaced or removed in the block; new ones may come.

    Raises:
        BusyError: another process is replacing files.
    """
    with shared_lock(clean_dir / READERS_NAME, f"cleaning clips in {clean_dir} again"):
        yield


def clean_path(clean_dir: Path | str, split: str, fname: str, suffix: str = AUDIO_SUFFIX) -> Path:
    """Where the clean file of a clip lives: `clean_dir/split/fname`, with the suffix appended if it lacks.

    Raises:
        CleanFolderError: a name that would leave the folder, or that no file can have.
    """
    name = fname if fname.lower().endswith(suffix) else f"{fname}{suffix}"
    return Path(clean_dir, check_inside(split), check_inside(name))


def check_inside(name: str) -> str:
    """The name, of a file in a clean folder.

    Raises:
        CleanFolderError: a name that would leave the folder, or that no file can have.
    """
    path = PurePath(name)
    if not path.name or path.is_absolute() or path.drive or ".." in path.parts or "\0" in name:
        raise CleanFolderError(f"expected a file name inside the data set's folder, received {name!r}")
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise CleanFolderError(
            "expected a file name in UTF-8, received other bytes: rename the file"
        ) from error
    if max(len(os.fsencode(part)) for part in path.parts) > NAME_LIMIT_BYTES:
        raise CleanFolderError(
            f"expected a name of at most {NAME_LIMIT_BYTES} bytes, received {name[:40]!r}..."
        )
    if path.name.startswith(PART_PREFIX):
        raise CleanFolderError(f"expected a name that does not start with {PART_PREFIX!r}, received {name!r}")
    return name
