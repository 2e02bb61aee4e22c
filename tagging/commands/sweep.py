"""Train a config many times, with settings out of a sweep file, and say which are best."""

import argparse
from pathlib import Path

from tagging import cli

INTERRUPTED = "without --force, the same command goes on from here"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    cli.add_config(parser)
    parser.add_argument(
        "--sweep", type=Path, required=True, metavar="FILE", help="what is tried, as W&B's sweep.yaml"
    )
    parser.add_argument("--stage", help="the only stage to train (default: all; the last one is judged)")
    parser.add_argument(
        "--trials", type=cli.positive, metavar="N", help="how many in all (default: the file's run_cap)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder (default: sweep-FILE in the config's run_dir)"
    )
    parser.add_argument("--force", action="store_true", help="begin anew: the folder's trials are removed")


def run(args: argparse.Namespace) -> int:
    from tagging.sweeps.job import open_job

    config = args.config or cli.DEFAULT_CONFIG
    given = {key: getattr(args, key) for key in ("stage", "out", "trials", "jobs", "force")}
    job = open_job(config, args.sweep, args.overrides, **given)
    cli.quiet_tensorflow(args.jobs)
    from tagging.sweeps.worker import run_sweep

    return run_sweep(job)
