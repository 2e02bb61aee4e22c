"""Serve runs over HTTP: audio files in, the JSON of `tag` out."""

import argparse

from foundation.inputs import existing
from tagging import cli
from tagging.cli import backend
from tagging.runs.arguments import run_or_audioset
from tagging.tagger.arguments import add_rows, add_weights

INTERRUPTED = "the service had not started"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    _add_runs(parser)
    _add_address(parser)
    add_rows(parser)
    _add_limits(parser)


def _add_runs(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "runs",
        nargs="*",
        type=run_or_audioset,
        metavar="RUN",
        help="run folders or cross-validation folders, several form an ensemble (default: audioset, the published "
        "network that knows AudioSet's 527 classes)",
    )
    add_weights(parser)
    add(
        "--jobs",
        type=cli.positive,
        metavar="N",
        default=cli.available_cores(),
        help="requests tagged at the same time, each on one core (default: all cores, here %(default)s)",
    )


def _add_address(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: %(default)s, this machine alone; 0.0.0.0: all networks)",
    )
    add("--port", type=_port, default=8000, help="0: any that is free (default: %(default)s)")
    add(
        "--page",
        type=existing("a folder with an index.html"),
        metavar="FOLDER",
        help="static files to serve at /, with an index.html",
    )
    add("--quiet", action="store_true", help="no line on stderr per request")


def _add_limits(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--max-mb",
        type=cli.above_zero,
        default=50.0,
        metavar="MB",
        help="size of an upload (default: %(default)g)",
    )
    add(
        "--max-audio-s",
        type=cli.above_zero,
        default=600.0,
        metavar="S",
        help="length of each file in seconds (default: %(default)g)",
    )
    add(
        "--max-files",
        type=cli.positive,
        default=8,
        metavar="N",
        help="files of a request (default: %(default)s)",
    )
    add(
        "--timeout-s",
        type=cli.above_zero,
        default=60.0,
        metavar="S",
        help="seconds in which an upload has to arrive, and again in which it has to be tagged (default: %(default)g)",
    )
    add(
        "--max-requests",
        type=cli.positive,
        default=16,
        metavar="N",
        help="requests at the same time, including those that wait (default: %(default)s)",
    )


def _port(text: str) -> int:
    return int(cli.number(text, 0, 65_535)) if text.isdecimal() else cli.positive(text)


def run(args: argparse.Namespace) -> int:
    backend.quiet_tensorflow(args.jobs, calls_apart=True)
    from tagging.serve.command import serve

    return serve(args)
