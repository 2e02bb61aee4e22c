"""Write the HTML report of a run or a folder of folds: scores, audio clips, curves, settings, commands."""

import argparse
from pathlib import Path

from tagging.runs.arguments import run_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=run_folder, metavar="RUN", help="run folder, or folder of folds")
    parser.add_argument("--out", type=Path, metavar="FILE", help="page (default: report.html in RUN)")


def run(args: argparse.Namespace) -> int:
    from tagging.report.page import write_report

    print(write_report(args.run, args.out))
    return 0
