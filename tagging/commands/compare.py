"""Compare runs: tables, bar charts, learning curves, size against score."""

import argparse
from pathlib import Path

from foundation.inputs import existing
from tagging import cli
from tagging.runs.arguments import run_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs", type=run_folder, nargs="+", metavar="RUN", help="run folders, or folders with runs in them"
    )
    parser.add_argument(
        "--metric",
        help="of the validation clips, e.g. f1_macro, or with --test of the test clips, e.g. test_f1_macro "
        "(default: of the validation clips, one that all runs have)",
    )
    parser.add_argument(
        "--test",
        type=existing("scores of predict.py"),
        nargs="+",
        default=[],
        metavar="JSON",
        help="NAME.scores.json files of predict.py: the scores of these runs on test clips",
    )
    parser.add_argument("--out", type=Path, default=Path("comparison"), help="folder (default: %(default)s)")
    parser.add_argument(
        "--top", type=cli.positive, default=5, help="rows of the short table (default: %(default)s)"
    )


def run(args: argparse.Namespace) -> int:
    from tagging.report.comparison import compare

    for path in compare(args.runs, args.out, args.metric, args.top, args.test):
        print(path)
    return 0
