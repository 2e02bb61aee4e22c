"""`python -m tagging VERB`: what is not one of the three scripts."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tagging import cli


def main(argv: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    verb = arguments[0] if arguments and arguments[0] in VERBS else None
    if verb:
        return VERBS[verb](arguments[1:])
    parser = argparse.ArgumentParser("python -m tagging", description=__doc__)
    parser.add_argument("verb", choices=VERBS, help="plots: draw the data set, or learning curves of runs")
    parser.parse_args(arguments)
    return 2


def plots(argv: Sequence[str]) -> int:
    """Draw the config's data set (waveforms, log-mel, labels), or the learning curves of runs, as PNG files."""
    parser = cli.make_parser(plots.__doc__ or "")
    parser.prog = "python -m tagging plots"
    parser.add_argument(
        "--runs", type=Path, nargs="+", metavar="RUN", help="draw the learning curves of these instead"
    )
    parser.add_argument("--out", type=Path, default=Path("figures"), help="folder (default: %(default)s)")
    return cli.run(_plots, parser, argv)


def _plots(args: argparse.Namespace) -> int:
    from tagging.config import load_config

    cli.quiet_tensorflow()
    from tagging.figures import data_figures, run_figure

    if args.runs:
        print(run_figure(args.runs, args.out))
        return 0
    for path in data_figures(load_config(args.config or cli.DEFAULT_CONFIG, args.overrides), args.out):
        print(path)
    return 0


VERBS = {"plots": plots}

if __name__ == "__main__":
    sys.exit(main())
