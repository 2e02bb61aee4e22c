"""The files that a command is to tag."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from foundation.scratch import scratch_folder
from foundation.text import as_text
from tagging.datasets.audio_files import Files, audio_files
from tagging.datasets.table import DatasetError
from tagging.tagger.arguments import STDIN


@contextmanager
def found_files(
    paths: Sequence[Path], *, are_features: bool = False
) -> Iterator[tuple[Files, list[DatasetError]]]:
    """The files that are meant (`are_features`: of ready-made features), and what is wrong with folders without any.

    Files of folders have the folder's name before; standard input is a file for now.

    Raises:
        DatasetError: folders without audio, and nothing else.
    """
    with ExitStack() as stack:
        found: Files = []
        empty: list[DatasetError] = []
        for path in paths:
            if path == STDIN:
                folder = stack.enter_context(scratch_folder("tagging-stdin-"))
                found.append((str(STDIN), _spooled(folder / "stdin.wav")))
            elif path.is_dir():
                try:
                    found += [
                        (as_text(str(path / name)), file)
                        for name, file in audio_files(path, are_features=are_features)
                    ]
                except DatasetError as error:
                    empty.append(error)
            else:
                found.append((as_text(str(path)), path))
        if not found:
            raise empty[0]
        yield found, empty


def _spooled(path: Path) -> Path:
    """Standard input in a file, as a header can only be read where one can go back."""
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return path
