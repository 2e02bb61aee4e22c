"""`python -m tagging curves`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from tagging import cli


def curves(argv: Sequence[str]) -> int:
    """Draw the learning curves of several runs in one picture."""
    parser = cli.Parser("python -m tagging curves", description=curves.__doc__)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="run folders")
    parser.add_argument("--metric", help="beside the loss, e.g. f1_macro (default: one that all runs have)")
    parser.add_argument("--out", type=Path, default=Path("curves.png"), help="picture (default: %(default)s)")
    return cli.run(_curves, parser, argv, interrupted=cli.NOTHING_LOST)


def _curves(args: argparse.Namespace) -> int:
    from tagging.report.comparison import draw_curves
    from tagging.runs.run import read_run

    draw_curves({str(path): read_run(path) for path in args.runs}, args.out, args.metric)
    print(args.out)
    return 0
