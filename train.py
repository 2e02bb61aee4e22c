#!/usr/bin/env python3
"""Train all stages of a config, or one of them, once or with cross-validation; each stage writes a run folder."""

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from tagging import cli
from tagging.cli import running


def main(argv: Sequence[str] | None = None) -> int:
    parser = cli.make_parser(__doc__)
    parser.add_argument(
        "--stage", help="the stage to train, e.g. noisy (default: all, in the config's order)"
    )
    parser.add_argument(
        "--folds",
        type=int,
        metavar="K",
        help="K-fold cross-validation over the curated clips",
    )
    parser.add_argument(
        "--force", action="store_true", help="retrain from scratch, discarding finished or partial runs"
    )
    parser.add_argument(
        "--show-batch",
        type=Path,
        metavar="PNG",
        help="plot the first training batch as the network sees it (waveforms: after each augmentation), and exit",
    )
    cli.add_shard(parser, "with --folds only; the same command without it puts the folds together")
    cli.add_devices(parser, "with --folds each fold trains on one of them, else all of them share each batch")
    return running.run(_timed, parser, argv, interrupted="rerun the same command (without --force) to resume")


def _timed(args: argparse.Namespace) -> int:
    start = time.perf_counter()
    code = _train(args)
    if not args.show_batch:
        taken = timedelta(seconds=round(time.perf_counter() - start))
        print(f"train.py took {taken} (h:mm:ss) in all, start-up and reports included")
    return code


def _train(args: argparse.Namespace) -> int:
    from foundation.claims import check_outputs, check_plot
    from tagging.config.load import ConfigError, load_config
    from tagging.training.devices import start_for_workers, start_on

    config = load_config(cli.chosen_config(args.config, args.overrides), args.overrides)
    stages = [args.stage] if args.stage else list(config.stages)
    for stage in stages:
        config.stage(stage)
    if args.folds and args.show_batch:
        raise ConfigError(
            "--show-batch plots a batch of a single training; it cannot be combined with --folds"
        )
    if args.shard and not args.folds:
        raise ConfigError("--shard trains a part of the folds: add --folds K")
    check_plot("--show-batch", args.show_batch)
    check_outputs("train.py", {"--show-batch": args.show_batch})
    if not (Path(config.clean_dir).is_dir() and Path(config.dataset.root).is_dir()):
        from tagging.training.data import stage_data

        # Raises what training would, before TensorFlow is imported.
        stage_data(config, config.stage(stages[0]))
    start = start_for_workers if args.folds and len(args.devices) > 1 else start_on
    start(args.devices, args.jobs)
    from tagging.training.folds import train_folds
    from tagging.training.show_batch import show_batch
    from tagging.training.train import train_stage

    if args.show_batch:
        print(show_batch(config, stages[0], args.show_batch, jobs=args.jobs))
        return 0
    if args.folds is not None:
        train_folds(
            config,
            args.folds,
            stages,
            jobs=args.jobs,
            force=args.force,
            shard=args.shard,
            devices=args.devices,
        )
        return 0
    for stage in stages:
        train_stage(config, stage, jobs=args.jobs, force=args.force, devices=len(args.devices))
    return 0


if __name__ == "__main__":
    sys.exit(main())
