#!/usr/bin/env python3
"""Clean a data set's audio: mono, resampled, without silence; only what is missing or changed is done."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tagging import cli


def main(argv: Sequence[str] | None = None) -> int:
    parser = cli.make_parser(__doc__)
    parser.add_argument(
        "--force", action="store_true", help="clean every clip anew, also after changed settings"
    )
    parser.add_argument(
        "--preview",
        type=int,
        metavar="N",
        help="write before and after of N clips to CLEAN_DIR_preview, and stop",
    )
    return cli.run(_preprocess, parser, argv)


def _preprocess(args: argparse.Namespace) -> int:
    from preprocessing.clean import clean_dataset
    from preprocessing.preview import write_preview
    from preprocessing.summary import closing_table, problems
    from tagging.config import load_config
    from tagging.datasets import read_dataset

    config = load_config(args.config or cli.DEFAULT_CONFIG, args.overrides)
    clean_dir = Path(config.clean_dir)
    clips = read_dataset(config.dataset).clips
    if args.preview is not None:
        out = clean_dir.with_name(clean_dir.name + "_preview")
        write_preview(clips, config.cleaning, out, args.preview)
        print(out)
        return 0
    manifest = clean_dataset(clips, clean_dir, config.cleaning, jobs=args.jobs, force=args.force)
    print(closing_table(manifest))
    if bad := problems(manifest):
        print(bad, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
