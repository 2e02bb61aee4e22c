"""Names of files that are being written, and what killed processes left of them."""

import os
import platform
import re
import zlib
from pathlib import Path

from foundation.locks import is_alive

PART_PREFIX = ".part-"
_PART = re.compile(
    re.escape(PART_PREFIX) + r"(\d+)(-[0-9a-f]{8})?"
)  # the process, and a hash of machine and name


def part_of(target: Path, *, swept: bool = False) -> Path:
    """The temporary name of a file, in its folder; what killed processes left of the same file is removed.

    Args:
        target: the file.
        swept: nothing is looked for, as a folder of many files is swept once, with `sweep_parts`.
    """
    if not swept:
        remove_parts_of(target)
    return target.with_name(f"{PART_PREFIX}{os.getpid()}{_suffix(target)}")


def remove_parts_of(target: Path) -> None:
    """Delete what killed processes left half written of one file."""
    for part in target.parent.glob(f"{PART_PREFIX}*{_suffix(target)}"):
        if is_part(part) and not is_alive(_process(part)):
            part.unlink(missing_ok=True)


def sweep_parts(folder: Path) -> None:
    """Delete what a killed process left half written in a folder of this program, however deep."""
    for part in folder.rglob(f"{PART_PREFIX}*"):
        if is_part(part):
            part.unlink(missing_ok=True)


def is_part(path: Path) -> bool:
    """Whether it is a file that was being written."""
    return bool(_PART.fullmatch(path.name)) and path.is_file() and not path.is_symlink()


def _suffix(target: Path) -> str:
    """Of the machine, too: what processes of another one write into a shared folder is not ours to judge."""
    return f"-{zlib.crc32(os.fsencode(target.name), zlib.crc32(platform.node().encode())):08x}"


def _process(part: Path) -> int:
    match = _PART.fullmatch(part.name)
    return int(match[1]) if match else 0
