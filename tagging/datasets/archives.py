"""Folders that appear whole or not at all, and the Kaggle zips that fill them."""

import os
import shutil
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from foundation.scratch import scratch_folder
from foundation.words import counted
from tagging.datasets.csv_files import is_plain_name
from tagging.datasets.table import DatasetError

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A new folder to write into, which takes the place of `folder` (absent or empty) when all went well."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with scratch_folder(f".{folder.name}-", folder.parent) as temporary:
        part = temporary / folder.name
        part.mkdir()
        yield part
        try:
            os.replace(part, folder)
        except OSError:
            if not is_filled(folder):  # else another process was faster, and its folder is as good
                raise


def is_filled(folder: Path) -> bool:
    """Whether `folder` is there with something in it."""
    return folder.is_dir() and any(folder.iterdir())


def unpack_audio(archive: Path, folder: Path) -> None:
    """Puts the audio files of a zip flat into `folder`, and says so in a line on stderr.

    Members may lie at the zip's top or under one folder called like `folder`; other files are left out.

    Raises:
        DatasetError: a broken zip, a member that would leave the folder, or no place to write to.
    """
    try:
        with zipfile.ZipFile(archive) as opened, whole_folder(folder) as part:
            wanted = _audio_members(archive, opened, folder.name)
            print(f"unpacking {counted(len(wanted), 'clip')} of {archive} into {folder}", file=sys.stderr)
            for name, member in wanted.items():
                with opened.open(member) as source, open(part / name, "wb") as target:
                    shutil.copyfileobj(source, target)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:  # RuntimeError: a password
        raise DatasetError(
            f"{archive}: expected a whole zip, received a broken one ({error}); download it again"
        ) from None
    except OSError as error:
        raise DatasetError(
            f"expected to unpack {archive} into {folder} ({error.strerror}); make room there, or link the data "
            "set's files into a folder that can be written and set dataset.root to it"
        ) from None


def _audio_members(archive: Path, opened: zipfile.ZipFile, folder_name: str) -> dict[str, zipfile.ZipInfo]:
    """The zip's audio files by the name they will have in the folder."""
    wanted: dict[str, zipfile.ZipInfo] = {}
    for member in opened.infolist():
        parts = PurePosixPath(member.filename).parts
        if not all(is_plain_name(part) for part in parts):
            raise DatasetError(
                f"{archive}: expected members that stay in their folder, received {member.filename!r}; "
                "do not use this zip"
            )
        inside = parts[1:] if parts[:1] == (folder_name,) else parts
        if len(inside) == 1 and not member.is_dir() and _is_audio(inside[0]):
            wanted[inside[0]] = member
    if not wanted:
        raise DatasetError(f"{archive}: expected audio files at its top, received none; download it again")
    return wanted


def _is_audio(name: str) -> bool:
    return name.lower().endswith(AUDIO_SUFFIXES) and not name.startswith(".")
