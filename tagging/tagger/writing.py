"""What a tagger writes to: the screen or a file; and what it writes in addition to tags: label tracks, embeddings."""

import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from foundation.files import atomic_file
from foundation.streams import is_stream
from foundation.text import shown
from foundation.words import counted
from tagging.inference.results import Segment


@dataclass(frozen=True, eq=False)
class Vectors:
    """Embeddings of a file.

    Attributes:
        name: of the file.
        rows: (n, features) float32: one of the clip, or one of each window.
        spans_s: (n, 2) start and end of the windows in seconds; None: of the clip.
    """

    name: str
    rows: np.ndarray
    spans_s: np.ndarray | None = None


@contextmanager
def screen_or_file(path: Path | None) -> Iterator[IO[str]]:
    """Standard output, whose missing letters are spelt out, or an `atomic_file`."""
    if path is not None:
        with atomic_file(path) as file:
            yield file
        return
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    yield sys.stdout


def tell_written(paths: Iterable[Path | None], n_files: int) -> None:
    """A line on stderr with the files that were written, pipes and devices left out, and how many were tagged."""
    names = [shown(str(path)) for path in paths if path and not is_stream(path)]
    if names:
        print(f"{', '.join(names)}: {counted(n_files, 'file')} tagged", file=sys.stderr)


def write_labels(path: Path, segments: Sequence[Segment]) -> None:
    """An Audacity label track: start, end in seconds and label, between tabs."""
    with atomic_file(path) as file:
        for segment in segments:
            label = " ".join(segment.label.split())
            file.write(f"{segment.start_s:.6f}\t{segment.end_s:.6f}\t{label}\n")


def write_embeddings(path: Path, found: Sequence[Vectors], *, per_window: bool) -> None:
    """An .npz without pickle: `fname` (rows,), `embeddings` (rows, features) float32, one row per clip or window.

    Of windows also `start_s` and `end_s`, (rows,). Of no file (0,) and (0, 0).

    Args:
        path: the file to write.
        found: of each file.
        per_window: whether they are of windows.
    """
    names = np.array([vectors.name for vectors in found for _ in vectors.rows], np.str_)
    rows = [vectors.rows for vectors in found] or [np.empty((0, 0), np.float32)]
    arrays: dict[str, Any] = {"fname": names, "embeddings": np.concatenate(rows)}
    if per_window:
        spans_s = [vectors.spans_s for vectors in found if vectors.spans_s is not None]
        arrays["start_s"], arrays["end_s"] = np.concatenate([np.empty((0, 2)), *spans_s]).T
    with atomic_file(path, "wb") as file:
        np.savez(file, **arrays)
