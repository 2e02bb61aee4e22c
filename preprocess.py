#!/usr/bin/env python3
"""Clean a data set's audio (mono, resampled, silence removed); clips that are up to date are skipped."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tagging import cli


def main(argv: Sequence[str] | None = None) -> int:
    parser = cli.make_parser(__doc__)
    parser.add_argument(
        "--force", action="store_true", help="clean every clip from scratch, even if settings have changed"
    )
    parser.add_argument(
        "--preview",
        type=cli.positive,
        metavar="N",
        help="write N clips before and after cleaning to CLEAN_DIR_preview, and exit",
    )
    interrupted = "rerun the same command (without --force) to resume"
    return cli.run(_preprocess, parser, argv, interrupted=interrupted)


def _preprocess(args: argparse.Namespace) -> int:
    from preprocessing.clean import clean_dataset
    from preprocessing.preview import write_preview
    from preprocessing.summary import closing_table, empty_splits, problems, warnings
    from tagging.config.load import load_config
    from tagging.datasets import read_dataset

    config = load_config(args.config or cli.DEFAULT_CONFIG, args.overrides)
    clips = read_dataset(config.dataset).clips
    if args.preview:
        out = _beside(config.clean_dir)
        pictures, fewer = write_preview(clips, config.cleaning, out, args.preview)
        print(out)
        if fewer:
            print(fewer, file=sys.stderr)
        return 0 if pictures else 1
    manifest = clean_dataset(clips, config.clean_dir, config.cleaning, jobs=args.jobs, force=args.force)
    print(closing_table(manifest))
    for listed in (problems(manifest), warnings(manifest)):
        if listed:
            print(listed, file=sys.stderr)
    if empty := empty_splits(manifest):
        print(f"no usable clips in {', '.join(empty)}", file=sys.stderr)
    return 1 if empty else 0


def _beside(clean_dir: str) -> Path:
    """Folder of the previews. "." and ".." have no name of their own, and "/" has no parent."""
    folder = Path(os.path.abspath(clean_dir))
    return folder.with_name(f"{folder.name}_preview") if folder.name else folder / "preview"


if __name__ == "__main__":
    sys.exit(main())
