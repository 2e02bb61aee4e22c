#!/usr/bin/env python3
"""Score the test clips, or other audio, with one run or several, and write a submission."""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from foundation.inputs import existing
from tagging import cli
from tagging.cli import backend, running
from tagging.runs.arguments import run_folder

_OVERRIDE = re.compile(r"[A-Za-z_][\w.]*=")


def main(argv: Sequence[str] | None = None) -> int:
    parser = cli.make_parser(__doc__)
    parser.add_argument(
        "--runs",
        nargs="+",
        type=_run_or_override,
        default=[],
        metavar="RUN",
        help="run folders or cross-validation folders (averaged over folds first); default: the most recent finished "
        "run in run_dir",
    )
    parser.add_argument(
        "--audio",
        type=existing("a file or folder of audio"),
        metavar="PATH",
        help="score this audio file, or the audio files in this folder, instead of the test clips",
    )
    parser.add_argument(
        "--out", type=Path, help="CSV to write (default: submission.csv, with --audio predictions.csv)"
    )
    parser.add_argument(
        "--report",
        action="store_true",
        help="if labels are available, compare averaging over windows with a single window",
    )
    cli.add_shard(parser, "the same command without it puts them together")
    return running.run(_predict, parser, argv, interrupted=running.NOTHING_LOST)


def _predict(args: argparse.Namespace) -> int:
    from foundation.claims import check_outputs
    from foundation.streams import is_stream
    from submissions.outputs import PREDICT
    from tagging.config.load import ConfigError, load_config
    from tagging.runs.ensembles import make_ensemble
    from tagging.runs.folds import latest_member, read_member
    from tagging.runs.run import CONFIG, OF_PREDICTION

    if args.report and args.audio:
        raise ConfigError("--report needs labelled test clips; it cannot be combined with --audio")
    if args.report and args.shard:
        raise ConfigError("--report needs all test clips: give it to the command without --shard")
    out = args.out or Path("predictions.csv" if args.audio else "submission.csv")
    if args.shard and is_stream(out):
        raise ConfigError(f"--shard leaves its part next to a file: expected --out FILE, received {out}")
    named_files = [path for path in (args.config, args.audio) if path]
    named = [given for given in args.runs if isinstance(given, Path)]
    overrides = [*args.overrides, *(given for given in args.runs if isinstance(given, str))]
    ours = [text for text in overrides if text.startswith(OF_PREDICTION)]
    members = [read_member(path, ours) for path in named]
    of_run = members[0].runs[0].path / CONFIG if members else None
    config = load_config(cli.chosen_config(args.config or of_run, overrides), overrides)
    check_outputs(PREDICT, {"--out": out}, inputs=named_files)
    members = members or [latest_member(Path(config.run_dir), ours)]
    for run in (run for member in members for run in member.runs):
        run.check_overrides(config, overrides)
        if run.warning:
            print(run.warning)
    print("predicting with " + ", ".join(map(str, members)))
    ensemble = make_ensemble(config, members)
    backend.quiet_tensorflow(args.jobs, calls_apart=args.audio is not None)
    from tagging.commands.parts.predict import predict_test
    from tagging.commands.parts.predict_audio import predict_audio

    if args.audio:
        return predict_audio(ensemble, args.audio, out, args.jobs, config.parallel, args.shard)
    return predict_test(config, ensemble, out, args.jobs, report=args.report, shard=args.shard)


def _run_or_override(text: str) -> Path | str:
    """What follows --runs: argparse also gives it the overrides that come after it."""
    return text if _OVERRIDE.match(text) and not Path(text).exists() else run_folder(text)


if __name__ == "__main__":
    sys.exit(main())
