"""Pipes, devices and redirected output: what is written to, and never replaced."""

import os
import re
import stat
from pathlib import Path

_STANDARD = (1, 2)  # output and errors, which a shell may have led into a file
_DESCRIPTOR = re.compile(r"/(?:dev|proc/(?:self|\d+))/fd/(\d+)")


def is_stream(path: Path) -> bool:
    """Whether it is a pipe or a device, or names an open descriptor, as `/dev/stdout` does."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # nothing is there
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) or descriptor_of(path) is not None


def descriptor_of(path: Path) -> int | None:
    """The open descriptor that a path names; opened by name again, a file would be written from its start."""
    if found := _DESCRIPTOR.fullmatch(str(path)):
        return int(found[1])
    return next((number for number in _STANDARD if _is_same(path, number)), None)


def _is_same(path: Path, descriptor: int) -> bool:
    try:
        here, there = os.fstat(descriptor), path.stat()
    except (OSError, ValueError):
        return False
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)
