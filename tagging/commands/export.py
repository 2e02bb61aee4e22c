"""Export runs as one file for LiteRT, ONNX, TensorFlow or browsers, compared with the runs."""

import argparse
from pathlib import Path

from foundation.inputs import existing
from tagging import cli
from tagging.cli import backend
from tagging.export.errors import ExportError
from tagging.export.registry import FLOAT32, FORMATS, PRECISIONS, check_format, described
from tagging.runs.arguments import run_or_audioset
from tagging.tagger.arguments import add_weights


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs",
        nargs="+",
        type=run_or_audioset,
        metavar="RUN",
        help="run folders or cross-validation folders, several form an ensemble; audioset: the published network that "
        "knows AudioSet's 527 classes",
    )
    formats = "; ".join(f"{form.name}: {form.purpose}" for form in FORMATS.values())
    parser.add_argument("--to", metavar="FORMAT", help=f"format of the file (required): {formats}")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="folder for the file, its labels and its model card (required)",
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
    add_weights(parser)
    parser.add_argument(
        "--runtime",
        type=existing("the npm package of onnxruntime-web"),
        metavar="FILE.tgz",
        help="npm package of onnxruntime-web for --to page (default: it is fetched once)",
    )


def run(args: argparse.Namespace) -> int:
    _check_required(args)
    check_format(args.to)
    if args.out.exists() and not args.out.is_dir():
        raise ExportError(f"--out: expected a folder, received {args.out}, which is a file")
    backend.quiet_tensorflow(1)  # speed is measured on one thread
    from tagging.export.command import export

    return export(args)


def _check_required(args: argparse.Namespace) -> None:
    """Raises ExportError, with what is to be given, where `--to` or `--out` is missing."""
    needed = {
        f"--to: one of {described()}": args.to,
        "--out: a folder for the file, its labels and its model card": args.out,
    }
    if missing := [option for option, value in needed.items() if value is None]:
        raise ExportError(f"expected {'; '.join(missing)}; received none")
