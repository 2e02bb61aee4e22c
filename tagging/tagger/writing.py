"""Files of a tagger, which appear whole or not at all: any text, label tracks, embeddings."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from preprocessing.folder import PART_PREFIX
from tagging.tagger.results import Segment, Timeline


@contextmanager
def whole_file(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """A file to write that gets its name when all is written, however long that takes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{PART_PREFIX}{os.getpid()}-{path.name}")
    encoding, newline = (None, None) if "b" in mode else ("utf-8", "")
    try:
        with part.open(mode, encoding=encoding, newline=newline) as file:
            yield file
        part.replace(path)
    except BaseException:  # Ctrl-C too must leave nothing behind
        part.unlink(missing_ok=True)
        raise


@contextmanager
def screen_or_file(path: Path | None) -> Iterator[IO[str]]:
    """Standard output, or a `whole_file`."""
    if path is None:
        yield sys.stdout
        return
    with whole_file(path) as file:
        yield file


def clock(seconds: float, digits: int = 0) -> str:
    """m:ss, from an hour on h:mm:ss, with so many digits behind the second: 75.25 s -> 1:15.2."""
    units = round(seconds * 10**digits)
    whole, rest = divmod(units, 10**digits)
    minutes, whole = divmod(whole, 60)
    head = f"{minutes // 60}:{minutes % 60:02d}" if minutes >= 60 else str(minutes)
    return f"{head}:{whole:02d}" + (f".{rest:0{digits}d}" if digits else "")


def write_labels(path: Path, segments: Sequence[Segment]) -> None:
    """An Audacity label track: start, end in seconds and label, between tabs."""
    with whole_file(path) as file:
        for segment in segments:
            label = " ".join(segment.label.split())
            file.write(f"{segment.start_s:.6f}\t{segment.end_s:.6f}\t{label}\n")


def write_embeddings(path: Path, rows: Sequence[tuple[str, np.ndarray, Timeline | None]]) -> None:
    """An .npz without pickle: `fname` (rows,), `embeddings` (rows, features) float32, a row a clip or a window.

    Of windows also `start_s` and `end_s`, (rows,).

    Args:
        path: the file to write.
        rows: name, embeddings (n, features), and of windows their timeline; at least one.
    """
    names = np.repeat(np.array([name for name, _, _ in rows], np.str_), [len(part) for _, part, _ in rows])
    arrays: dict[str, Any] = {"fname": names, "embeddings": np.concatenate([part for _, part, _ in rows])}
    timelines = [timeline for _, _, timeline in rows if timeline is not None]
    if timelines:
        arrays["start_s"] = np.concatenate([timeline.starts_s for timeline in timelines])
        arrays["end_s"] = np.concatenate([timeline.ends_s for timeline in timelines])
    with whole_file(path, "wb") as file:
        np.savez(file, **arrays)
