"""Files that appear whole or not at all."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from foundation.claims import OutputError, put, real_target
from foundation.digests import Digest, digest_of, new_digest
from foundation.full_disk import writing
from foundation.parts import part_of
from foundation.streams import descriptor_of, is_stream


def write_atomic(path: Path, data: bytes, *, swept: bool = False) -> None:
    """Write a file, whole or not at all; folders are made. As `atomic_file`."""
    with atomic_file(path, "wb", swept=swept) as file:
        file.write(data)


@contextmanager
def atomic_file(path: Path, mode: str = "w", *, swept: bool = False) -> Iterator[IO[Any]]:
    """A file to write that gets its name when all is written, however long that takes.

    It has a temporary name in the same folder until then. Folders are made. Pipes and devices are written to. An output
    that is claimed (`foundation.claims`) is recorded, and a link to it stays one.

    Args:
        path: the file.
        mode: `w` for UTF-8 text with line ends as given, or `wb`.
        swept: see `foundation.parts.part_of`.

    Raises:
        OutputError: nothing can be written there.
        OSError: the disk is full; it names the file.
    """
    if is_stream(path):
        with writing(path), _opened_stream(path, mode) as file:
            yield file
        return
    target = real_target(path)
    part = part_of(target, swept=swept)
    file = _opened(part, path, mode)
    try:
        with writing(path):
            with file:
                yield file
            put(part, path)
    except BaseException:  # Ctrl-C too must leave nothing behind
        part.unlink(missing_ok=True)
        raise


def read_text(path: Path) -> str:
    """The text of a regular file in UTF-8; a named pipe would block for ever.

    Raises:
        OSError: it cannot be read, or is a pipe or a device.
        UnicodeDecodeError: other bytes.
    """
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, "a pipe or a device, not a regular file", str(path))
    return path.read_text(encoding="utf-8-sig")


def content_hash(path: Path, new: Callable[[], Digest] = new_digest) -> str:
    """A hash of a file as `digest_of`, in hexadecimal digits; "" where it is not a regular file, or cannot be read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a named pipe would block for ever
            return ""
        with path.open("rb") as file:
            return digest_of(file, new=new).hex()
    except OSError:
        return ""


def _opened_stream(path: Path, mode: str) -> IO[Any]:
    """An open descriptor by itself, anything else by its name."""
    number = descriptor_of(path)
    return _opened(path if number is None else os.dup(number), path, mode)


def _opened(file: Path | int, given: Path, mode: str) -> IO[Any]:
    """A file in a folder that is made; errors tell the name that was `given` for it."""
    encoding, newline = (None, None) if "b" in mode else ("utf-8", "")
    try:
        if isinstance(file, Path):
            file.parent.mkdir(parents=True, exist_ok=True)
        return open(file, mode, encoding=encoding, newline=newline)
    except OSError as error:
        raise OutputError(
            f"expected a file that can be written, received {given}: {error.strerror}; choose another place"
        ) from error
