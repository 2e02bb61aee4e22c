"""`python -m tagging report`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from tagging import cli


def report(argv: Sequence[str]) -> int:
    """Write the page of a run, or of a folder of folds: scores, clips to hear, curves, settings, commands."""
    parser = cli.Parser("python -m tagging report", description=report.__doc__)
    parser.add_argument("run", type=Path, metavar="RUN", help="run folder, or folder of folds")
    parser.add_argument("--out", type=Path, metavar="FILE", help="page (default: report.html in RUN)")
    return cli.run(_report, parser, argv, interrupted=cli.NOTHING_LOST)


def _report(args: argparse.Namespace) -> int:
    from tagging.report.page import write_report

    print(write_report(args.run, args.out))
    return 0
