"""Look at a data set before training: classes, lengths, rates, level, copies, and the settings that would suit it."""

import argparse
import sys
from pathlib import Path

from tagging import cli


def add_arguments(parser: argparse.ArgumentParser) -> None:
    cli.add_config(parser)
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="of the output (default: %(default)s)"
    )
    parser.add_argument(
        "--apply",
        type=Path,
        metavar="FILE",
        help="write a new config: the base is this one, with all suggestions",
    )


def run(args: argparse.Namespace) -> int:
    from foundation.claims import claimed
    from foundation.words import counted
    from tagging.config.extension import save_extension
    from tagging.config.load import config_files, load_config

    path = cli.chosen_config(args.config, args.overrides)
    files = [*config_files(path), *load_config(path, args.overrides).dataset.files]
    from tagging.doctor.checkup import check_up
    from tagging.doctor.text import as_json, as_text

    with claimed("doctor", {"--apply": args.apply}, inputs=files):
        checkup = check_up(path, args.overrides, jobs=args.jobs)
        print(as_json(checkup) if args.format == "json" else as_text(checkup))
        if args.apply:
            save_extension(checkup.config, checkup.changes, args.apply)
            found = counted(len(checkup.settings), "suggested setting")
            print(f"{args.apply}: {path} with {found}", file=sys.stderr)
    return 1 if checkup.refused else 0
