#!/usr/bin/env python3
"""Clean a data set's audio (mono, resampled, silence removed); clips that are up to date are skipped."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tagging import cli
from tagging.cli import running


def main(argv: Sequence[str] | None = None) -> int:
    parser = cli.make_parser(__doc__)
    parser.partly = "a split or a label is left without usable clips, or, with --strict, any clip was refused"
    parser.add_argument(
        "--force", action="store_true", help="clean every clip from scratch, even if settings have changed"
    )
    parser.add_argument(
        "--verify",
        action="store_true",
        help="compare the contents of all raw and clean files with those noted in the manifest (default: only where a "
        "time has changed)",
    )
    parser.add_argument(
        "--preview",
        type=cli.positive,
        metavar="N",
        help="write N random clips before and after cleaning to CLEAN_DIR_preview, and exit; another seed draws others",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="exit with code 1 if any clip is refused or missing (default: only if a split or a label is left without "
        "clips)",
    )
    cli.add_shard(parser, "the same command without it then writes the manifest")
    interrupted = "rerun the same command (without --force) to resume"
    return running.run(_preprocess, parser, argv, interrupted=interrupted)


def _preprocess(args: argparse.Namespace) -> int:
    from foundation.errors import UserError
    from preprocessing.clean import clean_dataset, clean_shard
    from preprocessing.manifest import MANIFEST_NAME
    from preprocessing.summary import SHOWN, closing_table, left_empty, problems, warnings
    from tagging.config.load import load_config
    from tagging.datasets import read_dataset, stored_parts
    from tagging.doctor.checkup import check_up
    from tagging.doctor.text import in_short

    path = cli.chosen_config(args.config, args.overrides)
    config = load_config(path, args.overrides)
    dataset = read_dataset(config.dataset)
    clips = dataset.clips
    if args.shard and (args.preview or args.force):
        raise UserError("--shard cleans a part of the clips; it cannot be combined with --preview or --force")
    if args.preview:
        from preprocessing.preview import write_preview

        out = _preview_folder(config.clean_dir)
        plots, fewer = write_preview(
            clips,
            config.cleaning,
            out,
            args.preview,
            seed=config.seed,
            captions=dataset.captions,
            parts=stored_parts(config.dataset.layout),
        )
        print(out)
        if fewer:
            print(fewer, file=sys.stderr)
        return 0 if plots else 1
    options = {"jobs": args.jobs, "verify": args.verify, "parallel": config.parallel}
    if args.shard:
        manifest = clean_shard(clips, config.clean_dir, config.cleaning, args.shard, **options)
    else:
        manifest = clean_dataset(clips, config.clean_dir, config.cleaning, force=args.force, **options)
    print(closing_table(manifest))
    bad = problems(manifest, config.clean_dir)
    for listed in (bad, warnings(manifest)):
        if listed:
            print(listed, file=sys.stderr)
    if args.shard:
        print(
            f"shard {args.shard} is done; once all are, the same command without --shard writes the manifest"
        )
        return int(args.strict and bool(bad))
    print(f"{Path(config.clean_dir, MANIFEST_NAME)} has each clip; docs/cli.md explains the table")
    if empty := left_empty(manifest, clips):
        more = f" and {len(empty) - SHOWN} more" * (len(empty) > SHOWN)
        print(f"no usable clips in {', '.join(empty[:SHOWN])}{more}", file=sys.stderr)
    if advice := in_short(check_up(path, args.overrides, jobs=args.jobs, dataset=dataset, is_quick=True)):
        print(advice)
    return 1 if empty or (args.strict and bad) else 0


def _preview_folder(clean_dir: str) -> Path:
    """Folder of the previews. "." and ".." have no name of their own, and "/" has no parent."""
    folder = Path(os.path.abspath(clean_dir))
    return folder.with_name(f"{folder.name}_preview") if folder.name else folder / "preview"


if __name__ == "__main__":
    sys.exit(main())
