"""Hyperparameter search: train a config with settings drawn from a sweep file and rank the trials."""

import argparse
from functools import partial
from pathlib import Path

from foundation.inputs import existing
from tagging import cli

INTERRUPTED = "the same command without --force resumes from here"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    cli.add_config(parser)
    parser.add_argument(
        "--sweep",
        type=existing("a sweep file"),
        required=True,
        metavar="FILE",
        help="sweep definition (W&B sweep.yaml format)",
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
    cli.add_devices(parser, "a trial trains on one of them, as many at once as are named")


def run(args: argparse.Namespace) -> int:
    from tagging.sweeps.job import open_job
    from tagging.sweeps.on_devices import run_on
    from tagging.training.devices import start_for_workers, start_on

    config = cli.chosen_config(args.config, args.overrides)
    given = {key: getattr(args, key) for key in ("stage", "out", "trials", "jobs", "force")}
    job = open_job(config, args.sweep, args.overrides, **given)
    are_several = len(args.devices) > 1
    (start_for_workers if are_several else start_on)(args.devices, args.jobs)
    from tagging.sweeps.worker import run_sweep

    return run_sweep(job, partial(run_on, args.devices)) if are_several else run_sweep(job)
