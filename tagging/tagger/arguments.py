"""The command line of `python -m tagging tag`. Imports nothing heavy."""

import argparse
from math import inf
from pathlib import Path

from foundation.inputs import existing
from tagging import cli
from tagging.runs.arguments import run_or

STDIN = Path("-")
FORMATS = ("table", "csv", "json", "jsonl")
OWN = "own"  # in place of a threshold: those of the run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; `options.check` then says what contradicts itself."""
    _add_inputs(parser)
    _add_output(parser)
    _add_timeline(parser)
    _add_embeddings(parser)
    _add_jobs(parser)


def _add_inputs(parser: argparse.ArgumentParser) -> None:
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
        type=run_or(str(STDIN)),
        help="run folders or cross-validation folders; several form an ensemble (default: a published network that "
        "knows AudioSet's 527 classes)",
    )
    add_weights(parser)


def add_weights(parser: argparse.ArgumentParser) -> None:
    """Add `--weights`, of the published network."""
    parser.add_argument(
        "--weights",
        type=existing("the weights file of the published network"),
        metavar="FILE",
        help="weights of the published network (default: they are downloaded once)",
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--top", type=cli.positive, metavar="K", help="maximum number of tags per clip (default: 5)")
    add(
        "--format",
        choices=FORMATS,
        help="output format (default: by the ending of --out, else table)",
    )
    add("--out", type=Path, metavar="FILE", help="output file (default: stdout)")


def _add_timeline(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--timeline", action="store_true", help="tags over time: labelled segments, and scores per window")
    add_rows(parser)
    add(
        "--smooth-s",
        type=seconds,
        metavar="S",
        help="smooth scores with an S-second moving average (default: 0)",
    )
    add(
        "--threshold",
        type=threshold,
        metavar="T",
        help=f"list all tags with at least this score; {OWN}: the run's own thresholds, or .5 (default with "
        "--timeline)",
    )
    add("--min-length-s", type=seconds, metavar="S", help="drop segments shorter than this (default: 0)")
    add(
        "--max-gap-s",
        type=seconds,
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


def add_rows(parser: argparse.ArgumentParser) -> None:
    """Add `--window-s`, `--hop-s` and `--columns`, of what the rows of a timeline are."""
    add = parser.add_argument
    add(
        "--window-s",
        type=cli.above_zero,
        metavar="S",
        help="window length of timelines in seconds (default: the run's)",
    )
    add(
        "--hop-s",
        type=cli.above_zero,
        metavar="S",
        help="time between window starts in seconds (default: the run's overlap; with --columns one column)",
    )
    add(
        "--columns",
        type=cli.positive,
        metavar="N",
        help="instead of windows, average N columns of the network's features, .32 s each for mn (default of the "
        "published network: 7)",
    )


def _add_embeddings(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
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


def _add_jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--jobs",
        type=cli.positive,
        metavar="N",
        default=cli.available_cores(),
        help="CPU cores to use (default: all, here %(default)s)",
    )
    parser.add_argument(
        "--dask", metavar="ADDRESS", help="tag on the workers of the Dask cluster with this scheduler"
    )
    cli.add_shard(parser, "the same command without it writes --out")


def seconds(text: str) -> float:
    """0 or more, for argparse."""
    return cli.number(text, 0, inf)


def threshold(text: str) -> float | str:
    """A probability, or `own`, for argparse."""
    return OWN if text == OWN else cli.number(text, 0, 1)
