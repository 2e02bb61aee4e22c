#!/usr/bin/env python3
"""Predict the test clips, or a folder of audio, with one run or several, and write a submission."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tagging import cli


def main(argv: Sequence[str] | None = None) -> int:
    parser = cli.make_parser(__doc__)
    parser.add_argument(
        "--runs",
        type=str,
        nargs="+",
        metavar="RUN",
        help="run folders; their scores are averaged (default: the latest)",
    )
    parser.add_argument(
        "--audio", type=Path, metavar="DIR", help="predict this folder of audio, not the test clips"
    )
    parser.add_argument("--out", type=Path, default=Path("submission.csv"), help="default: %(default)s")
    return cli.run(_predict, parser, argv)


def _predict(args: argparse.Namespace) -> int:
    from tagging.config import load_config
    from tagging.runs import CONFIG, latest_run, read_run

    named = [Path(text) for text in args.runs or [] if "=" not in text]
    overrides = [
        *args.overrides,
        *(text for text in args.runs or [] if "=" in text),
    ]  # --runs takes all that follows
    runs = [read_run(path) for path in named]
    default = runs[0].path / CONFIG if runs else cli.DEFAULT_CONFIG
    config = load_config(args.config or default, overrides)
    runs = runs or [latest_run(Path(config.run_dir))]
    print("predicting with " + ", ".join(str(run.path) for run in runs))
    cli.quiet_tensorflow()
    from tagging.scoring import predict_audio, predict_test

    if args.audio:
        return predict_audio(config, runs, args.audio, args.out, args.jobs)
    return predict_test(config, runs, args.out, args.jobs)


if __name__ == "__main__":
    sys.exit(main())
