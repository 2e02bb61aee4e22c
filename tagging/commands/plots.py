"""Plot the config's data set as PNG files: waveforms, log-mel before and after SpecAugment, labels."""

import argparse
from pathlib import Path

from tagging import cli
from tagging.cli import backend


def add_arguments(parser: argparse.ArgumentParser) -> None:
    cli.add_config(parser)
    parser.add_argument("--out", type=Path, default=Path("figures"), help="folder (default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    from tagging.config.load import load_config

    config = load_config(cli.chosen_config(args.config, args.overrides), args.overrides)
    backend.quiet_tensorflow(args.jobs)
    from tagging.plots.dataset import data_figures

    for path in data_figures(config, args.out):
        print(path)
    return 0
