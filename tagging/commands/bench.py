"""Measure how fast this machine cleans, trains and tags, on audio that is made up."""

import argparse
from pathlib import Path

from tagging import cli

NETWORKS = ("simple_cnn", "mobilenet_v2", "resnet50", "yamnet", "mn")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--networks",
        nargs="+",
        default=list(NETWORKS),
        choices=NETWORKS,
        metavar="NAME",
        help=f"which ones (default: {', '.join(NETWORKS)})",
    )
    parser.add_argument(
        "--jobs",
        type=cli.positive,
        default=cli.available_cores(),
        help="CPU cores to use (default: all, here %(default)s)",
    )
    parser.add_argument("--clips", type=cli.positive, default=128, help="clips of 5 s (default: %(default)s)")
    parser.add_argument(
        "--batch-size", type=cli.positive, default=32, help="images of a step (default: %(default)s)"
    )
    parser.add_argument(
        "--rounds",
        type=cli.positive,
        default=3,
        help="of each measurement; the best one counts (default: %(default)s)",
    )
    parser.add_argument("--out", type=Path, metavar="JSON", help="also write the figures to this file")


def run(args: argparse.Namespace) -> int:
    from tagging.bench.command import bench

    return bench(args)
