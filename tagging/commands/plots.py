"""`python -m tagging plots`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from tagging import cli


def plots(argv: Sequence[str]) -> int:
    """Draw the config's data set (waveforms, log-mel before and after SpecAugment, labels) as PNG files."""
    parser = cli.make_parser(plots.__doc__ or "")
    parser.prog = "python -m tagging plots"
    parser.add_argument("--out", type=Path, default=Path("figures"), help="folder (default: %(default)s)")
    return cli.run(_plots, parser, argv, interrupted=cli.NOTHING_LOST)


def _plots(args: argparse.Namespace) -> int:
    from tagging.config.load import load_config

    config = load_config(args.config or cli.DEFAULT_CONFIG, args.overrides)
    cli.quiet_tensorflow(args.jobs)
    from tagging.plots.dataset import data_figures

    for path in data_figures(config, args.out):
        print(path)
    return 0
