"""The command line of `python -m tagging tag`. Imports nothing heavy."""

import argparse
from math import inf, nan
from pathlib import Path

from foundation.claims import check_outputs
from foundation.errors import UserError
from foundation.streams import is_stream
from submissions.outputs import REFUSED
from submissions.refused import refused_file
from tagging import cli

STDIN = Path("-")
TAG = "tag"
OWN = "own"  # in place of a threshold: those of the run
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
        help="audio files or folders, or - for a WAV file on stdin",
    )
    add(
        "--run",
        nargs="+",
        default=[],
        type=Path,
        help="run folders or cross-validation folders; several form an ensemble (default: a published network that "
        "knows AudioSet's 527 classes)",
    )
    add(
        "--weights",
        type=Path,
        metavar="FILE",
        help="weights of the published network (default: they are downloaded once)",
    )
    add("--top", type=cli.positive, metavar="K", help="maximum number of tags per clip (default: 5)")
    add(
        "--format",
        choices=("table", "csv", "json", "jsonl"),
        default="table",
        help="output format (default: %(default)s)",
    )
    add("--out", type=Path, metavar="FILE", help="output file (default: stdout)")
    add("--timeline", action="store_true", help="tags over time: labelled segments, and scores per window")
    add("--window-s", type=_above_zero, metavar="S", help="window length in seconds (default: the run's)")
    add(
        "--hop-s",
        type=_above_zero,
        metavar="S",
        help="time between window starts in seconds (default: the run's overlap)",
    )
    add(
        "--smooth-s",
        type=_seconds,
        metavar="S",
        help="smooth scores with an S-second moving average (default: 0)",
    )
    add(
        "--threshold",
        type=_threshold,
        metavar="T",
        help=f"list all tags with at least this score; {OWN}: the run's own thresholds, or .5 (default with "
        "--timeline)",
    )
    add("--min-length-s", type=_seconds, metavar="S", help="drop segments shorter than this (default: 0)")
    add(
        "--max-gap-s",
        type=_seconds,
        metavar="S",
        help="merge segments of the same label less than S seconds apart (single-label runs: only if no other label "
        "is predicted in between; default: 0)",
    )
    add(
        "--labels",
        type=Path,
        metavar="FILE.txt",
        help="write the segments of one file as an Audacity label track",
    )
    add("--plot", type=Path, metavar="FILE.png", help="plot one file: log-mel above the tags over time")
    add(
        "--embeddings",
        type=Path,
        metavar="FILE.npz",
        help="write embeddings (input of the last layer), one per clip",
    )
    add(
        "--per-window",
        action="store_true",
        help="write one embedding per window of the timeline instead of one per clip",
    )
    cores = cli.available_cores()
    add(
        "--jobs",
        type=cli.positive,
        metavar="N",
        default=cores,
        help="CPU cores to use (default: all, here %(default)s)",
    )


def check(args: argparse.Namespace) -> None:
    """Move audio files given after `--run` to the files, and refuse options that contradict each other.

    Raises:
        OptionError: one line.
    """
    audio = [path for path in args.run if path == STDIN or path.is_file()]
    runs, args.paths = [path for path in args.run if path not in audio], [*args.paths, *audio]
    if args.run and not runs:
        raise OptionError(f"--run: expected a run folder, received the file {audio[0]}")
    args.run = runs
    if args.run and args.weights:
        raise OptionError("--weights applies to the published network: leave out --run")
    if not args.paths:
        raise OptionError("expected audio files or folders, received none; give them before --run")
    if args.paths.count(STDIN) > 1:
        raise OptionError("-: standard input can only be read once")
    _check_mode(args)
    _check_endings(args)
    check_outputs(TAG, outputs(args), inputs=args.paths)


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


def _check_mode(args: argparse.Namespace) -> None:
    if args.timeline and args.top is not None:
        raise OptionError("--top applies to whole clips; use --threshold with --timeline")
    for key in (key for key in _OF_TIMELINE if getattr(args, key) is not None):
        if not args.timeline:
            raise OptionError(f"{flag(key)} applies to tags over time: add --timeline")
    for key in (key for key in _OF_WINDOWS if getattr(args, key) is not None):
        if not (args.timeline or args.per_window):
            raise OptionError(f"{flag(key)} applies to tags over time: add --timeline (or --per-window)")
    if args.per_window and args.embeddings is None:
        raise OptionError("--per-window applies to embeddings: add --embeddings FILE.npz")
    for key in ("labels", "plot"):
        if getattr(args, key) is not None and (len(args.paths) > 1 or args.paths[0].is_dir()):
            raise OptionError(f"{flag(key)} takes one audio file, received several (or a folder)")


def _check_endings(args: argparse.Namespace) -> None:
    """Pipes and devices have none; but a plot is only written to a file."""
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


def _threshold(text: str) -> float | str:
    return OWN if text == OWN else _number(text, 0, 1)
