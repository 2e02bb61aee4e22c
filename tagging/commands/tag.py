"""`python -m tagging tag`."""

import argparse
from collections.abc import Sequence

from tagging import cli
from tagging.tagger import options


def tag(argv: Sequence[str]) -> int:
    """Tag audio files with trained runs: names and scores, over time if wanted, as table, CSV or JSON."""
    parser = options.make_parser(tag.__doc__ or "")
    return cli.run(_tag, parser, argv, interrupted=cli.NOTHING_LOST)


def _tag(args: argparse.Namespace) -> int:
    options.check(args)
    cli.quiet_tensorflow(args.jobs)
    from tagging.tagger.command import tag

    return tag(args)
