"""The command line of `python -m tagging tag`. Imports nothing heavy."""

import argparse
from math import inf, nan
from pathlib import Path

from foundation.claims import check_outputs, is_stream
from foundation.errors import UserError
from tagging import cli

STDIN = Path("-")
TAG = "tag"
_OF_TIMELINE = ("smooth_s", "min_length_s", "max_gap_s", "labels", "plot")
_OF_WINDOWS = ("window_s", "hop_s")
_ENDINGS = {"labels": ".txt", "plot": ".png", "embeddings": ".npz"}


class OptionError(UserError):
    """Options that contradict each other; the message is one line for the user."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; `check` then says what contradicts itself."""
    add = parser.add_argument
    add(
        "paths",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="audio files, folders of them, or - for a WAV on stdin",
    )
    add(
        "--run",
        nargs="+",
        required=True,
        type=Path,
        help="run folders, or folders of folds; several: their mean",
    )
    add("--top", type=cli.positive, metavar="K", help="tags of a clip, at most (default: 5)")
    add("--format", choices=("table", "csv", "json", "jsonl"), default="table", help="default: %(default)s")
    add("--out", type=Path, metavar="FILE", help="file to write (default: the screen)")
    add(
        "--timeline", action="store_true", help="tags over time: segments with a label, and scores per window"
    )
    add("--window-s", type=_above_zero, metavar="S", help="seconds of a window (default: the run's)")
    add(
        "--hop-s",
        type=_above_zero,
        metavar="S",
        help="seconds from window to window (default: overlap as the run's)",
    )
    add("--smooth-s", type=_seconds, metavar="S", help="scores are the mean over so much time (default: 0)")
    add(
        "--threshold",
        type=_share,
        metavar="T",
        help="all tags with at least this score (default: over time the run's own, or .5)",
    )
    add("--min-length-s", type=_seconds, metavar="S", help="shorter segments are left out (default: 0)")
    add(
        "--max-gap-s",
        type=_seconds,
        metavar="S",
        help="gaps of a label up to this are closed, with one label a clip only where nothing is said (default: 0)",
    )
    add(
        "--labels",
        type=Path,
        metavar="FILE.txt",
        help="write the segments of one file as an Audacity label track",
    )
    add("--plot", type=Path, metavar="FILE.png", help="draw one file: log-mel above the tags over time")
    add(
        "--embeddings",
        type=Path,
        metavar="FILE.npz",
        help="write what enters the last layer, a vector a clip",
    )
    add("--per-window", action="store_true", help="embeddings of the windows of a timeline in place of clips")
    cores = cli.available_cores()
    add(
        "--jobs",
        type=cli.positive,
        metavar="N",
        default=cores,
        help="cores to use (default: all, here %(default)s)",
    )


def check(args: argparse.Namespace) -> None:
    """Bring what stands behind `--run` but is no folder to the files, and refuse what does not go together.

    Raises:
        OptionError: one line.
    """
    audio = [path for path in args.run if path == STDIN or path.is_file()]
    args.run, args.paths = [path for path in args.run if path not in audio], [*args.paths, *audio]
    if not args.run:
        raise OptionError(f"--run: expected a run folder, received the file {audio[0]}")
    if not args.paths:
        raise OptionError("expected audio files or folders, received none; they stand before --run")
    if args.paths.count(STDIN) > 1:
        raise OptionError("-: standard input can be read once")
    _check_mode(args)
    _check_endings(args)
    check_outputs(TAG, outputs(args), inputs=args.paths)


def windows_file(args: argparse.Namespace) -> Path | None:
    """Beside `--out` as CSV, where the scores of windows go; a pipe or a device has no place beside it."""
    if not (args.timeline and args.format == "csv" and args.out) or is_stream(args.out):
        return None
    return args.out.with_name(f"{args.out.stem}.windows{args.out.suffix}")


def outputs(args: argparse.Namespace) -> dict[str, Path | None]:
    """The files that are asked for, by option."""
    return {
        **{"--out": args.out, "the windows of --out": windows_file(args)},
        **{flag(key): getattr(args, key) for key in ("labels", "plot", "embeddings")},
    }


def flag(key: str) -> str:
    """The option whose value is `args.KEY`."""
    return "--" + key.replace("_", "-")


def _check_mode(args: argparse.Namespace) -> None:
    if args.timeline and args.top is not None:
        raise OptionError("--top is of whole clips; with --timeline choose labels by --threshold")
    for key in (key for key in _OF_TIMELINE if getattr(args, key) is not None):
        if not args.timeline:
            raise OptionError(f"{flag(key)} is of tags over time: give --timeline, too")
    for key in (key for key in _OF_WINDOWS if getattr(args, key) is not None):
        if not (args.timeline or args.per_window):
            raise OptionError(f"{flag(key)} is of tags over time: give --timeline (or --per-window), too")
    if args.per_window and args.embeddings is None:
        raise OptionError("--per-window is of embeddings: give --embeddings FILE.npz, too")
    for key in ("labels", "plot"):
        if getattr(args, key) is not None and (len(args.paths) > 1 or args.paths[0].is_dir()):
            raise OptionError(f"{flag(key)} is of one file, received several (or a folder)")


def _check_endings(args: argparse.Namespace) -> None:
    """Pipes and devices have none; but a picture is only written as a file."""
    for key, ending in _ENDINGS.items():
        path = getattr(args, key)
        if path is None or path.suffix.lower() == ending or (key != "plot" and is_stream(path)):
            continue
        raise OptionError(f"{flag(key)}: expected a name that ends in {ending}, received {path}")


def _number(text: str, low: float, high: float, *, is_open: bool = False) -> float:
    try:
        number = float(text)
    except ValueError:
        number = nan  # which is in no bounds
    if not (low < number if is_open else low <= number) or not number <= high or number == inf:
        bounds = f"above {low:g}" if is_open else f"of at least {low:g}"
        limit = "" if high == inf else f" and at most {high:g}"
        raise argparse.ArgumentTypeError(f"expected a number {bounds}{limit}, received {text}")
    return number


def _above_zero(text: str) -> float:
    return _number(text, 0, inf, is_open=True)


def _seconds(text: str) -> float:
    return _number(text, 0, inf)


def _share(text: str) -> float:
    return _number(text, 0, 1)
