"""`python -m tagging VERB`: what is not one of the three scripts."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tagging import cli

_NOTHING_LOST = "the same command starts again"


def main(argv: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] in VERBS:
        return VERBS[arguments[0]](arguments[1:])
    lines = [f"{name}: {verb.__doc__}" for name, verb in VERBS.items()]
    parser = argparse.ArgumentParser("python -m tagging", description=__doc__, epilog=" ".join(lines))
    parser.add_argument("verb", choices=VERBS)
    parser.parse_args(arguments)
    return 2


def plots(argv: Sequence[str]) -> int:
    """Draw the config's data set (waveforms, log-mel before and after SpecAugment, labels) as PNG files."""
    parser = cli.make_parser(plots.__doc__ or "")
    parser.prog = "python -m tagging plots"
    parser.add_argument("--out", type=Path, default=Path("figures"), help="folder (default: %(default)s)")
    return cli.run(_plots, parser, argv, interrupted=_NOTHING_LOST)


def curves(argv: Sequence[str]) -> int:
    """Draw the learning curves of several runs in one picture."""
    parser = argparse.ArgumentParser("python -m tagging curves", description=curves.__doc__)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="run folders")
    parser.add_argument("--out", type=Path, default=Path("curves.png"), help="picture (default: %(default)s)")
    return cli.run(_curves, parser, argv, interrupted=_NOTHING_LOST)


def _plots(args: argparse.Namespace) -> int:
    from tagging.config import load_config

    config = load_config(args.config or cli.DEFAULT_CONFIG, args.overrides)
    cli.quiet_tensorflow(args.jobs)
    from tagging.figures import data_figures

    for path in data_figures(config, args.out):
        print(path)
    return 0


def _curves(args: argparse.Namespace) -> int:
    from tagging.plots import learning_curves
    from tagging.runs import read_run

    learning_curves({str(path): read_run(path).history() for path in args.runs}, args.out)
    print(args.out)
    return 0


VERBS = {"plots": plots, "curves": curves}

if __name__ == "__main__":
    sys.exit(main())
