"""The command line of `python -m tagging tag`. Imports nothing heavy."""

import argparse
from math import inf
from pathlib import Path

from tagging import cli

STDIN = Path("-")
_OF_TIMELINE = ("smooth_s", "threshold", "min_length_s", "max_gap_s", "labels", "plot")
_OF_WINDOWS = ("window_s", "hop_s")
_OUTPUTS = ("out", "labels", "plot", "embeddings")


class OptionError(ValueError):
    """Options that contradict each other; the message is one line for the user."""


def make_parser(description: str) -> argparse.ArgumentParser:
    """The parser; `check` then says what contradicts itself."""
    parser = argparse.ArgumentParser("python -m tagging tag", description=description)
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
    add("--top", type=cli.positive, metavar="K", help="tags of a clip that are shown (default: 5)")
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
        help="from which score on a label is there (default: the run's, or .5)",
    )
    add("--min-length-s", type=_seconds, metavar="S", help="shorter segments are left out (default: 0)")
    add("--max-gap-s", type=_seconds, metavar="S", help="gaps of a label up to this are closed (default: 0)")
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
    return parser


def check(args: argparse.Namespace) -> None:
    """Bring what stands behind `--run` but is no folder to the files, and refuse what does not go together.

    Raises:
        OptionError: one line.
    """
    audio = [path for path in args.run if path == STDIN or path.is_file()]
    args.run, args.paths = [path for path in args.run if path not in audio], [*args.paths, *audio]
    if not args.run:
        raise OptionError("--run: expected a run folder, received audio only")
    if not args.paths:
        raise OptionError("expected audio files or folders, received none; they stand before --run")
    if args.paths.count(STDIN) > 1:
        raise OptionError("-: standard input can be read once")
    _check_mode(args)
    _check_outputs(args)


def _check_mode(args: argparse.Namespace) -> None:
    if args.timeline and args.top is not None:
        raise OptionError("--top is of whole clips; with --timeline choose labels by --threshold")
    for key in (key for key in _OF_TIMELINE if getattr(args, key) is not None):
        if not args.timeline:
            raise OptionError(f"{_flag(key)} is of tags over time: give --timeline, too")
    for key in (key for key in _OF_WINDOWS if getattr(args, key) is not None):
        if not (args.timeline or args.per_window):
            raise OptionError(f"{_flag(key)} is of tags over time: give --timeline (or --per-window), too")
    if args.per_window and args.embeddings is None:
        raise OptionError("--per-window is of embeddings: give --embeddings FILE.npz, too")
    for key in ("labels", "plot"):
        if getattr(args, key) is not None and (len(args.paths) > 1 or args.paths[0].is_dir()):
            raise OptionError(f"{_flag(key)} is of one file, received several (or a folder)")


def _check_outputs(args: argparse.Namespace) -> None:
    outputs = [(key, getattr(args, key)) for key in _OUTPUTS if getattr(args, key) is not None]
    for number, (key, path) in enumerate(outputs):
        if path.is_dir():
            raise OptionError(f"{_flag(key)}: expected a file to write, received the folder {path}")
        others = [name for name, other in outputs[:number] if other == path]
        if others or path in args.paths:
            raise OptionError(f"{_flag(key)}: {path} is {_flag(others[0]) if others else 'the audio'}, too")


def _flag(key: str) -> str:
    return "--" + key.replace("_", "-")


def _number(text: str, low: float, high: float, *, is_open: bool = False) -> float:
    number = float(text)
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
