"""`python -m tagging compare`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from tagging import cli


def compare(argv: Sequence[str]) -> int:
    """Put runs beside each other: tables, bars, learning curves, size against score."""
    parser = cli.Parser("python -m tagging compare", description=compare.__doc__)
    parser.add_argument(
        "runs", type=Path, nargs="+", metavar="RUN", help="run folders, or folders with runs in them"
    )
    parser.add_argument(
        "--metric", help="of the validation clips, e.g. f1_macro (default: one that all runs have)"
    )
    parser.add_argument("--out", type=Path, default=Path("comparison"), help="folder (default: %(default)s)")
    parser.add_argument(
        "--top", type=cli.positive, default=5, help="rows of the short table (default: %(default)s)"
    )
    return cli.run(_compare, parser, argv, interrupted=cli.NOTHING_LOST)


def _compare(args: argparse.Namespace) -> int:
    from tagging.report.comparison import compare

    for path in compare(args.runs, args.out, args.metric, args.top):
        print(path)
    return 0
