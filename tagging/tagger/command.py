"""`python -m tagging tag`: files in, tags out."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

import numpy as np
from tqdm import tqdm

from foundation.claims import claimed
from foundation.cluster import opened
from foundation.files import atomic_file
from foundation.text import shown, shown_lines
from preprocessing.errors import DecodeError
from submissions.refused import Refused, refused_line, write_refused
from submissions.shards import read_shards, remove_shards, write_shard
from tagging.datasets.audio_files import Files
from tagging.inference.errors import TaggerError
from tagging.inference.results import Tags, Timeline
from tagging.plots.timeline import draw_timeline
from tagging.runs.arguments import AUDIOSET
from tagging.tagger.chosen import record_of
from tagging.tagger.clips import check_clean
from tagging.tagger.files import found_files
from tagging.tagger.formats import WRITERS, Output, Record
from tagging.tagger.options import TAG, flag, list_file, outputs, windows_file
from tagging.tagger.progress import WatchedSound
from tagging.tagger.row_options import rows_of
from tagging.tagger.sequences import clips_of
from tagging.tagger.spread import Spread
from tagging.tagger.tagger import Tagger
from tagging.tagger.writing import Vectors, screen_or_file, tell_written, write_embeddings, write_labels

_OF_LABELS = ("threshold", "min_length_s", "max_gap_s", "labels")

Sounds = list[tuple[str, WatchedSound]]
"""Names as they are shown, and the files."""

Found = tuple[Tags | Timeline, Vectors | None]
"""The output for a file, and its embeddings if requested."""


def tag(args: argparse.Namespace) -> int:
    """Tag what `arguments.add_arguments` declares; bad files go to stderr. An exit code."""
    with ExitStack() as stack:
        tagger = Tagger.load(*args.run or [AUDIOSET], weights=args.weights or AUDIOSET)
        are_features = tagger.ensemble.takes_features
        files, empty = stack.enter_context(found_files(args.paths, are_features=are_features))
        stack.enter_context(claimed(TAG, outputs(args), inputs=[path for _, path in files]))
        _check_run(args, tagger, files)
        warnings = [run.warning for run in tagger.runs if run.warning]
        for line in (*warnings, *_unheard(args, tagger), *empty):
            print(shown_lines(str(line)), file=sys.stderr)
        sounds = [(name, WatchedSound(path, has_bar=args.timeline)) for name, path in files]
        cluster = stack.enter_context(opened(args.dask)) if args.dask else None
        shards = read_shards(args.out, args.shard) if args.out else None
        spread = Spread(args.jobs, cluster, shards)
        if args.shard:
            arrays = tagger.shard([sound for _, sound in sounds], spread, args.shard)
            write_shard(TAG, args.out, args.shard, arrays)
            return 0
        if shards:
            shards.tell_missing()
        lost = _tag_files(args, tagger, sounds, spread)
        if listed := list_file(args):
            write_refused(args.out, lost)
        if args.out:
            remove_shards(TAG, args.out)
        plot = None if lost else args.plot
        tell_written((args.out, args.labels, plot, args.embeddings), len(files) - len(lost))
    if lost:
        line = refused_line(lost, len(files), "files could not be used", listed, are_named=True)
        print(line, file=sys.stderr)
    return 1 if lost or empty else 0


def _check_run(args: argparse.Namespace, tagger: Tagger, files: Files) -> None:
    """Raises TaggerError or CleanFolderError for what the runs cannot do, before any file is read."""
    if args.embeddings:
        tagger.check_embeds()
    asked = [key for key in _OF_LABELS if getattr(args, key) is not None]
    if asked and tagger.task == "regression":
        raise TaggerError(
            f"{flag(asked[0])} applies to labels: expected a run with labels, received regression"
        )
    if not args.timeline or (args.embeddings and not args.per_window):
        check_clean(tagger.runs, [path for _, path in files])


def _unheard(args: argparse.Namespace, tagger: Tagger) -> list[str]:
    """A line where windows leave sound out; raises TaggerError for windows that cannot be."""
    if not (args.timeline or args.per_window) or tagger.ensemble.takes_features:
        return []
    rows = rows_of(tagger.runs, args.window_s, args.hop_s, args.columns)
    if rows.hop <= rows.length:
        return []
    window_s, hop_s = rows.length / tagger.rate_hz, rows.hop / tagger.rate_hz
    return [f"windows of {window_s:g} s every {hop_s:g} s: audio between them is ignored"]


def _tag_files(args: argparse.Namespace, tagger: Tagger, sounds: Sounds, spread: Spread) -> Refused:
    """Write all that is asked for; the files that could not be used."""
    vectors: list[Vectors] = []
    lost: list[tuple[str, str]] = []
    with _output(args, tagger) as output:
        WRITERS[args.format](_records(args, tagger, sounds, spread, vectors, lost), output)
    if args.embeddings:
        write_embeddings(args.embeddings, vectors, per_window=args.per_window)
    return lost


def _records(
    args: argparse.Namespace,
    tagger: Tagger,
    sounds: Sounds,
    spread: Spread,
    vectors: list[Vectors],
    lost: list[tuple[str, str]],
) -> Iterator[Record]:
    """Of each usable file, whose embeddings go to `vectors`; the others go to `lost`."""
    is_hidden = None if len(sounds) > 1 else True  # None: hidden if stderr is not a terminal
    with tqdm(total=len(sounds), desc="tagging", unit="file", disable=is_hidden) as bar:
        for (name, sound), found in zip(sounds, _found(args, tagger, sounds, spread), strict=True):
            with tqdm.external_write_mode():
                if isinstance(found, DecodeError):
                    _show_lost(args, name, found)
                    lost.append((name, str(found)))
                else:
                    yield from _record(args, tagger, name, sound, found[0])
                    vectors += [found[1]] if found[1] else []
            bar.update()


def _found(
    args: argparse.Namespace, tagger: Tagger, sounds: Sounds, spread: Spread
) -> Iterator[Found | DecodeError]:
    """Of each file."""
    clips = tagger.each(
        [sound for _, sound in sounds], spread=spread
    )  # begins with the first that is asked for
    for name, sound in sounds:
        try:
            result = (
                _timeline(args, tagger, sound, embed=args.per_window) if args.timeline else next(clips)[1]
            )
            if isinstance(result, DecodeError):
                yield result
                continue
            vectors = _vectors(args, tagger, name, sound, result) if args.embeddings else None
        except DecodeError as error:
            yield error
        else:
            yield result, vectors


def _timeline(args: argparse.Namespace, tagger: Tagger, sound: WatchedSound, *, embed: bool) -> Timeline:
    over_time = {key: getattr(args, key) for key in ("window_s", "hop_s", "columns")}
    timeline = tagger.timeline(sound, **over_time, embed=embed, jobs=args.jobs)
    return timeline.smoothed(args.smooth_s) if args.smooth_s else timeline


def _vectors(
    args: argparse.Namespace, tagger: Tagger, name: str, sound: WatchedSound, result: Tags | Timeline
) -> Vectors:
    """Out of the result, or where that has others, out of another pass."""
    if args.per_window:
        timeline = result if isinstance(result, Timeline) else _timeline(args, tagger, sound, embed=True)
        assert timeline.embeddings is not None  # noqa: S101  for the type checker
        return Vectors(name, timeline.embeddings, np.stack([timeline.starts_s, timeline.ends_s], axis=1))
    embedding = result.embedding if isinstance(result, Tags) else tagger.embed(sound, jobs=args.jobs)
    assert embedding is not None  # noqa: S101  for the type checker
    return Vectors(name, embedding[None])


def _show_lost(args: argparse.Namespace, name: str, error: DecodeError) -> None:
    """What was written for another file of this name must not pass for this one's."""
    print(f"{shown(name)}: {shown(str(error))}", file=sys.stderr, flush=True)
    if args.labels:
        write_labels(args.labels, [])


def _record(
    args: argparse.Namespace, tagger: Tagger, name: str, sound: WatchedSound, result: Tags | Timeline
) -> Iterator[Record]:
    """The one of a file; once it is written, the outputs next to it follow."""
    if sound.warning:
        print(f"{shown(name)}: {sound.warning}", file=sys.stderr, flush=True)
    record = record_of(args, name, result, sound.warning)
    yield record
    if isinstance(result, Tags):
        return
    if args.labels:
        write_labels(args.labels, record.segments or [])
    if args.plot:
        seen = clips_of(sound, tagger.runs[0]) if tagger.ensemble.takes_features else sound
        draw_timeline(result, record.segments, seen, tagger.rate_hz, args.plot, title=Path(name).name)


@contextmanager
def _output(args: argparse.Namespace, tagger: Tagger) -> Iterator[Output]:
    """Where tags go; the scores of windows may have a file of their own, next to that of segments."""
    has_segments = tagger.task != "regression"
    path = windows_file(args) if has_segments else None
    with screen_or_file(args.out) as file, atomic_file(path) if path else nullcontext() as windows:
        yield Output(file, windows, tagger.names, args.timeline, has_segments)
