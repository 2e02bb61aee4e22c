"""What the options of `python -m tagging tag` ask for, and which contradict each other. Imports nothing heavy."""

import argparse
from pathlib import Path

from foundation.claims import check_outputs
from foundation.errors import UserError
from foundation.inputs import is_missing, not_there
from foundation.streams import is_stream
from submissions.outputs import REFUSED
from submissions.refused import refused_file
from tagging.tagger.arguments import FORMATS, STDIN

TAG = "tag"
_OF_TIMELINE = ("smooth_s", "min_length_s", "max_gap_s", "labels", "plot")
_OF_WINDOWS = ("window_s", "hop_s", "columns")
_ENDINGS = {"labels": ".txt", "plot": ".png", "embeddings": ".npz"}


class OptionError(UserError):
    """Options that contradict each other; the message is one line for the user."""


def check(args: argparse.Namespace) -> None:
    """Move audio files given after `--run` to the files, choose the format, refuse options that contradict each other.

    Raises:
        OptionError: one line.
    """
    audio = [path for path in args.run if path == STDIN or path.is_file()]
    args.format = args.format or _format_of(args.out)
    runs, args.paths = [path for path in args.run if path not in audio], [*args.paths, *audio]
    if args.run and not runs:
        raise OptionError(f"--run: expected a run folder, received the file {audio[0]}")
    args.run = runs
    if args.run and args.weights:
        raise OptionError("--weights applies to the published network: leave out --run")
    if not args.paths:
        where = "before --run" if args.run else "after tag"
        raise OptionError(f"expected audio files or folders, received none; give them {where}")
    if args.paths.count(STDIN) > 1:
        raise OptionError("-: standard input can only be read once")
    _check_mode(args)
    _check_spread(args)
    _check_endings(args)
    check_outputs(TAG, outputs(args), inputs=args.paths)
    if all(path != STDIN and is_missing(path) for path in args.paths):
        raise OptionError(not_there("audio files or folders", args.paths))


def windows_file(args: argparse.Namespace) -> Path | None:
    """The CSV next to `--out` with the scores of windows; None for a pipe or a device, which has no folder."""
    if not (args.timeline and args.format == "csv" and args.out) or is_stream(args.out):
        return None
    return args.out.with_name(f"{args.out.stem}.windows{args.out.suffix}")


def list_file(args: argparse.Namespace) -> Path | None:
    """The CSV next to `--out` with the files that could not be used; None: there is no place for it."""
    return refused_file(args.out) if args.out and not is_stream(args.out) else None


def outputs(args: argparse.Namespace) -> dict[str, Path | None]:
    """The requested output files, by option."""
    return {
        **{"--out": args.out, REFUSED: list_file(args), "the windows of --out": windows_file(args)},
        **{flag(key): getattr(args, key) for key in ("labels", "plot", "embeddings")},
    }


def flag(key: str) -> str:
    """The option whose value is `args.KEY`."""
    return "--" + key.replace("_", "-")


def _format_of(out: Path | None) -> str:
    """As the name of the output file says; `table` where it says nothing."""
    ending = out.suffix.lower().removeprefix(".") if out else ""
    return ending if ending in FORMATS else "table"


def _check_mode(args: argparse.Namespace) -> None:
    if args.timeline and args.top is not None:
        raise OptionError("--top applies to whole clips; use --threshold with --timeline")
    for key in (key for key in _OF_TIMELINE if getattr(args, key) is not None):
        if not args.timeline:
            raise OptionError(f"{flag(key)} applies to tags over time: add --timeline")
    for key in (key for key in _OF_WINDOWS if getattr(args, key) is not None):
        if not (args.timeline or args.per_window):
            raise OptionError(f"{flag(key)} applies to tags over time: add --timeline (or --per-window)")
    if args.columns and args.window_s:
        raise OptionError("--columns and --window-s each set the length of the rows: leave one out")
    if args.per_window and args.embeddings is None:
        raise OptionError("--per-window applies to embeddings: add --embeddings FILE.npz")
    for key in ("labels", "plot"):
        if getattr(args, key) is not None and (len(args.paths) > 1 or args.paths[0].is_dir()):
            raise OptionError(f"{flag(key)} takes one audio file, received several (or a folder)")


def _check_spread(args: argparse.Namespace) -> None:
    """Whole files are shared out among shards and machines."""
    for key in (key for key in ("shard", "dask") if getattr(args, key)):
        if args.timeline or args.per_window:
            raise OptionError(f"{flag(key)} applies to whole clips; leave out --timeline and --per-window")
        if STDIN in args.paths:
            raise OptionError(f"{flag(key)} takes files, received standard input")
    if args.shard and (args.out is None or is_stream(args.out)):
        raise OptionError("--shard leaves its part next to a file: add --out FILE")


def _check_endings(args: argparse.Namespace) -> None:
    """Pipes and devices have none; but a plot is only written to a file."""
    for key, ending in _ENDINGS.items():
        path = getattr(args, key)
        if path is None or path.suffix.lower() == ending or (key != "plot" and is_stream(path)):
            continue
        raise OptionError(f"{flag(key)}: expected a name that ends in {ending}, received {path}")
