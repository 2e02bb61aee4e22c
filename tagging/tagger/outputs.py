"""Where results go: the screen, files that appear whole or not at all, pipes and devices. Imports nothing heavy."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from preprocessing.folder import PART_PREFIX


class OutputError(ValueError):
    """A file that cannot be written; the message is one line for the user."""


def is_stream(path: Path) -> bool:
    """Whether it is a pipe or a device, which is written to and never replaced."""
    return path.exists() and not path.is_file()


@contextmanager
def whole_file(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """A file to write that gets its name when all is written, however long that takes; a link stays one.

    Raises:
        OutputError: nothing can be written there.
    """
    if is_stream(path):
        with _opened(path, path, mode) as file:
            yield file
        return
    target = path.resolve()
    part = target.with_name(f"{PART_PREFIX}{os.getpid()}-{target.name}")
    file = _opened(part, path, mode)
    try:
        with file:
            yield file
        part.replace(target)
    except BaseException:  # Ctrl-C too must leave nothing behind
        part.unlink(missing_ok=True)
        raise


def _opened(file: Path, given: Path, mode: str) -> IO[Any]:
    """A file in a folder that is made; errors tell the name that was `given` for it."""
    encoding, newline = (None, None) if "b" in mode else ("utf-8", "")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return file.open(mode, encoding=encoding, newline=newline)
    except OSError as error:
        raise OutputError(
            f"expected a file that can be written, received {given}: {error.strerror}; choose another place"
        ) from error


@contextmanager
def screen_or_file(path: Path | None) -> Iterator[IO[str]]:
    """Standard output, or a `whole_file`."""
    if path is None:
        with _screen() as file:
            yield file
        return
    with whole_file(path) as file:
        yield file


@contextmanager
def _screen() -> Iterator[IO[str]]:
    """Standard output; letters that its encoding lacks are spelt out."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        yield sys.stdout
    except BrokenPipeError:  # nobody reads any more: what Python still holds must go somewhere when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise
