"""`python -m tagging tag`: files in, tags out."""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from preprocessing.decode import DecodeError
from tagging.datasets.sources import audio_source
from tagging.tagger.options import STDIN
from tagging.tagger.picture import draw_timeline
from tagging.tagger.results import Segment, Tags, Timeline
from tagging.tagger.sinks import SINKS, Sink
from tagging.tagger.tagger import Tagger
from tagging.tagger.writing import screen_or_file, whole_file, write_embeddings, write_labels

TOP = 5  # tags of a clip; of regression all values

Files = list[tuple[str, Path]]
"""Names as they are shown, and where the audio is."""
Vectors = tuple[str, np.ndarray, Timeline | None]
"""A file's name and embeddings (rows, features); of windows their timeline."""


def tag(args: argparse.Namespace) -> int:
    """Tag what `options.make_parser` was given; bad files go to stderr. An exit code."""
    with _files(args.paths) as files, _sink(args) as sink:
        tagger = Tagger.load(*args.run)
        _warn(tagger)
        if args.embeddings:
            tagger.check_embeds()
        results = _timelines(args, tagger, files) if args.timeline else _tags(args, tagger, files)
        vectors, lost = [], 0
        for name, path, result in results:
            if isinstance(result, DecodeError):
                print(f"{name}: {result}", file=sys.stderr, flush=True)
                lost += 1
                continue
            _show(args, sink, name, path, tagger, result)
            if args.embeddings:
                vectors.append(_vectors(args, tagger, name, path, result))
        sink.close()
    if vectors:
        write_embeddings(args.embeddings, vectors)
    if lost:
        print(f"{lost} of {len(files)} files could not be used", file=sys.stderr)
    return 1 if lost else 0


def _tags(
    args: argparse.Namespace, tagger: Tagger, files: Files
) -> Iterator[tuple[str, Path, Tags | DecodeError]]:
    results = tagger.each([path for _, path in files], args.jobs)
    for (name, _), (path, result) in zip(files, results, strict=True):
        yield name, path, result


def _timelines(
    args: argparse.Namespace, tagger: Tagger, files: Files
) -> Iterator[tuple[str, Path, Timeline | DecodeError]]:
    for name, path in files:
        try:
            yield name, path, _timeline(args, tagger, path, embed=args.per_window)
        except DecodeError as error:
            yield name, path, error


def _timeline(args: argparse.Namespace, tagger: Tagger, path: Path, *, embed: bool) -> Timeline:
    timeline = tagger.timeline(path, window_s=args.window_s, hop_s=args.hop_s, embed=embed)
    return timeline.smoothed(args.smooth_s) if args.smooth_s else timeline


def _show(
    args: argparse.Namespace, sink: Sink, name: str, path: Path, tagger: Tagger, result: Tags | Timeline
) -> None:
    if isinstance(result, Tags):
        sink.tags(name, result.top(args.top or (len(result.names) if tagger.task == "regression" else TOP)))
        return
    segments = _segments(args, result)
    sink.timeline(name, result, segments)
    if args.labels:
        write_labels(args.labels, segments or [])
    if args.plot:
        draw_timeline(result, segments, path, tagger.rate_hz, args.plot, title=Path(name).name)


def _segments(args: argparse.Namespace, timeline: Timeline) -> list[Segment] | None:
    """None of regression, whose values have none; asking for them is an error."""
    asked = args.threshold is not None or args.min_length_s or args.max_gap_s or args.labels
    if timeline.task == "regression" and not asked:
        return None
    return timeline.segments(args.threshold, args.min_length_s or 0.0, args.max_gap_s or 0.0)


def _vectors(
    args: argparse.Namespace, tagger: Tagger, name: str, path: Path, result: Tags | Timeline
) -> Vectors:
    """Out of the result, or where that has others, out of another pass."""
    if args.per_window:
        timeline = result if isinstance(result, Timeline) else _timeline(args, tagger, path, embed=True)
        assert timeline.embeddings is not None  # noqa: S101  for the type checker
        return name, timeline.embeddings, timeline
    embedding = result.embedding if isinstance(result, Tags) else tagger.embed(path)
    assert embedding is not None  # noqa: S101  for the type checker
    return name, embedding[None], None


@contextmanager
def _files(paths: Sequence[Path]) -> Iterator[Files]:
    """The files that are meant: those of folders with the folder's name before; standard input as a file for now."""
    with ExitStack() as stack:
        found: Files = []
        for path in paths:
            if path == STDIN:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tag-"))
                found.append((str(STDIN), _spooled(Path(folder) / "stdin.wav")))
            elif path.is_dir():
                clips = audio_source(path).clips
                found += [
                    (str(path / name), file) for name, file in zip(clips["fname"], clips["path"], strict=True)
                ]
            else:
                found.append((str(path), path))
        yield found


def _spooled(path: Path) -> Path:
    """Standard input in a file, as a header can only be read where one can go back."""
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return path


@contextmanager
def _sink(args: argparse.Namespace) -> Iterator[Sink]:
    """Where tags go; the scores of windows have a file of their own where tags go to a CSV file."""
    with ExitStack() as stack:
        windows = None
        if args.timeline and args.format == "csv" and args.out:
            path = args.out.with_name(f"{args.out.stem}.windows{args.out.suffix}")
            windows = stack.enter_context(whole_file(path))
        yield SINKS[args.format](stack.enter_context(screen_or_file(args.out)), windows)


def _warn(tagger: Tagger) -> None:
    for run in tagger.runs:
        if run.warning:
            print(run.warning, file=sys.stderr)
