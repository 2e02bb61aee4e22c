"""Draw the learning curves of several runs in one plot."""

import argparse
from pathlib import Path

from tagging.runs.arguments import run_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs", type=run_folder, nargs="+", metavar="RUN", help="run folders, or folders with runs in them"
    )
    parser.add_argument(
        "--metric", help="drawn next to the loss, e.g. f1_macro (default: one that all runs have)"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("curves.png"), help="PNG file (default: %(default)s)"
    )


def run(args: argparse.Namespace) -> int:
    from tagging.report.comparison import draw_curves
    from tagging.runs.finding import run_folders
    from tagging.runs.run import read_run

    draw_curves({str(path): read_run(path) for path in run_folders(args.runs)}, args.out, args.metric)
    print(args.out)
    return 0
