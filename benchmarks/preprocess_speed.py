"""Cleaning a folder of audio: seconds of audio a second with 1 and 2 jobs, and the time of a second run.

python -m benchmarks.preprocess_speed --root DIR [--jobs 1 2]
"""

import argparse
import tempfile
import time
from pathlib import Path

import pandas as pd
import soundfile as sf

from preprocessing.clean import clean_dataset
from preprocessing.settings import CleaningSettings
from preprocessing.summary import closing_table

SUFFIXES = {f".{name.lower()}" for name in sf.available_formats()} | {".aif", ".m4a", ".oga", ".opus"}


def clips_under(root: Path) -> pd.DataFrame:
    """Every audio file under a folder, as the clip table that cleaning takes."""
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES)
    names = [path.relative_to(root).as_posix() for path in paths]
    return pd.DataFrame({"fname": names, "path": paths, "split": "curated"})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--root", type=Path, required=True, help="data set or any folder of audio, searched in depth"
    )
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    args = parser.parse_args()
    clips = clips_under(args.root)
    for path in clips["path"]:
        path.read_bytes()  # every timed run finds the files in the operating system's cache
    for jobs in args.jobs:
        with tempfile.TemporaryDirectory() as clean_dir:
            first_s, manifest = _timed(clips, clean_dir, jobs)
            again_s, _ = _timed(clips, clean_dir, jobs)
        audio_s = manifest["seconds_in"].sum()
        print(
            f"{jobs} jobs: {first_s:.2f} s for {audio_s:.0f} s of audio, {audio_s / first_s:.0f} a second; ",
            end="",
        )
        print(f"second run {again_s:.2f} s")
    print(closing_table(manifest))


def _timed(clips: pd.DataFrame, clean_dir: str, jobs: int) -> tuple[float, pd.DataFrame]:
    start = time.perf_counter()
    manifest = clean_dataset(clips, clean_dir, CleaningSettings(), jobs=jobs, progress=False)
    return time.perf_counter() - start, manifest


if __name__ == "__main__":
    main()
