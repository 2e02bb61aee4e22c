"""Hyperparameter search: train a config with settings drawn from a sweep file and rank the trials."""

import argparse
from pathlib import Path

from tagging import cli

INTERRUPTED = "the same command without --force resumes from here"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    cli.add_config(parser)
    parser.add_argument(
        "--sweep", type=Path, required=True, metavar="FILE", help="sweep definition (W&B sweep.yaml format)"
    )
    parser.add_argument("--stage", help="train only this stage (default: all; trials are ranked by the last)")
    parser.add_argument(
        "--trials",
        type=cli.positive,
        metavar="N",
        help="number of trials in all (default: run_cap of the file)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder (default: sweep-FILE in the config's run_dir)"
    )
    parser.add_argument("--force", action="store_true", help="start again: the folder's trials are removed")


def run(args: argparse.Namespace) -> int:
    from tagging.sweeps.job import open_job

    config = cli.chosen_config(args.config, args.overrides)
    given = {key: getattr(args, key) for key in ("stage", "out", "trials", "jobs", "force")}
    job = open_job(config, args.sweep, args.overrides, **given)
    cli.quiet_tensorflow(args.jobs)
    from tagging.sweeps.worker import run_sweep

    return run_sweep(job)
