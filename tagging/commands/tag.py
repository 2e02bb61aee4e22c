"""Tag audio files with trained runs: labels and scores, optionally over time, as a table, CSV or JSON."""

import argparse

from tagging.cli import backend
from tagging.tagger import arguments, options

add_arguments = arguments.add_arguments


def run(args: argparse.Namespace) -> int:
    options.check(args)
    backend.quiet_tensorflow(args.jobs, calls_apart=True)
    from tagging.tagger.command import tag

    return tag(args)
