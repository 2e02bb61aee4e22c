"""Where results go: the screen or a file."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from foundation.files import atomic_file


@contextmanager
def screen_or_file(path: Path | None) -> Iterator[IO[str]]:
    """Standard output, or an `atomic_file`."""
    if path is None:
        with _screen() as file:
            yield file
        return
    with atomic_file(path) as file:
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
