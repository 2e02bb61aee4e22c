#!/usr/bin/env python3
"""Predict the test clips, or other audio, with one run or several, and write a submission."""

import argparse
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tagging import cli

_OVERRIDE = re.compile(r"[A-Za-z_][\w.]*=")


def main(argv: Sequence[str] | None = None) -> int:
    parser = cli.make_parser(__doc__)
    parser.add_argument(
        "--runs",
        nargs="+",
        default=[],
        metavar="RUN",
        help="run folders; their scores are averaged (default: the run under run_dir that finished last)",
    )
    parser.add_argument(
        "--audio",
        type=Path,
        metavar="PATH",
        help="predict this audio file, or all files of this folder, not the test clips",
    )
    parser.add_argument(
        "--out", type=Path, help="CSV to write (default: submission.csv, with --audio predictions.csv)"
    )
    return cli.run(_predict, parser, argv, interrupted="the same command starts again")


def _predict(args: argparse.Namespace) -> int:
    from tagging.config import load_config
    from tagging.runs import CONFIG, OF_PREDICTION, latest_run, read_run

    out = args.out or Path("predictions.csv" if args.audio else "submission.csv")
    _check_out(out)
    named, behind_runs = _paths_and_overrides(args.runs)
    overrides = [*args.overrides, *behind_runs]
    default = read_run(named[0]).path / CONFIG if named else cli.DEFAULT_CONFIG
    config = load_config(args.config or default, overrides)
    paths = named or [latest_run(Path(config.run_dir)).path]
    runs = [read_run(path, [text for text in overrides if text.startswith(OF_PREDICTION)]) for path in paths]
    for run in runs:
        run.check_overrides(config, overrides)
    print("predicting with " + ", ".join(str(run.path) for run in runs))
    cli.quiet_tensorflow(args.jobs)
    from tagging.scoring import predict_audio, predict_test

    if args.audio:
        return predict_audio(config, runs, args.audio, out, args.jobs)
    return predict_test(config, runs, out, args.jobs)


def _check_out(out: Path) -> None:
    """Make the folder of `out` and refuse what could not be written in the end."""
    from submissions.ensemble import SubmissionError

    if out.is_dir():
        raise SubmissionError(f"expected --out to be a file to write, received the folder {out}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out.parent):
            pass
    except OSError as error:
        raise SubmissionError(f"expected --out {out} in a folder to write to: {error.strerror}") from error


def _paths_and_overrides(given: Sequence[str]) -> tuple[list[Path], list[str]]:
    """What follows --runs: it takes the overrides behind it, too."""
    overrides = [text for text in given if _OVERRIDE.match(text) and not Path(text).exists()]
    return [Path(text) for text in given if text not in overrides], overrides


if __name__ == "__main__":
    sys.exit(main())
