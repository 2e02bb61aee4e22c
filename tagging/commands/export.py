"""Export runs as one file for LiteRT, ONNX, TensorFlow or browsers, compared with the runs."""

import argparse
from pathlib import Path

from tagging import cli
from tagging.cli import backend
from tagging.export.registry import FLOAT32, FORMATS, PRECISIONS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs",
        nargs="+",
        type=Path,
        metavar="RUN",
        help="run folders or cross-validation folders, several form an ensemble; audioset: the published network that "
        "knows AudioSet's 527 classes",
    )
    parser.add_argument("--to", required=True, choices=FORMATS, help="format of the file")
    parser.add_argument(
        "--out", required=True, type=Path, metavar="FOLDER", help="folder for the file and its papers"
    )
    parser.add_argument(
        "--window-s", type=cli.above_zero, metavar="S", help="window length in seconds (default: the run's)"
    )
    parser.add_argument(
        "--fixed",
        action="store_true",
        help="batches of exactly one window, for runtimes that need all shapes",
    )
    parser.add_argument(
        "--quantize",
        choices=PRECISIONS,
        default=FLOAT32,
        help="smaller weights of the network; the front end keeps float32 (default: %(default)s)",
    )
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help="weights of the published network (default: they are downloaded once)",
    )
    parser.add_argument(
        "--runtime",
        type=Path,
        metavar="FILE.tgz",
        help="npm package of onnxruntime-web for --to page (default: it is fetched once)",
    )


def run(args: argparse.Namespace) -> int:
    backend.quiet_tensorflow(1)  # speed is measured on one thread
    from tagging.export.command import export

    return export(args)
