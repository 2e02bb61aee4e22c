"""Cleaning a folder of audio next to its floor: soundfile, soxr and soundfile again, and nothing else.

    python -m benchmarks.preprocess_speed --root DIR [--jobs 1 2] [--rounds 3]

Prints, for each number of processes, seconds of audio in a second and the ratio of the floor's time to ours (the median
of rounds in which both take turns; the start of processes included), then the time of a second run, which finds all
clips up to date. The floor reads float32, which is the first channel of files with several.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd
import soundfile as sf
import soxr

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
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    args = parser.parse_args()
    clips = clips_under(args.root)
    for path in clips["path"]:
        path.read_bytes()  # every timed run finds the files in the operating system's cache
    for jobs in args.jobs:
        rounds = [_round(clips, jobs) for _ in range(args.rounds)]
        floor_s, first_s, again_s = map(statistics.median, zip(*(times for times, _ in rounds), strict=True))
        ratio = statistics.median(times[0] / times[1] for times, _ in rounds)
        manifest = rounds[0][1]
        audio_s = manifest["seconds_in"].sum()
        print(
            f"{jobs} jobs: {first_s:.2f} s for {audio_s:.0f} s of audio, {audio_s / first_s:.0f} a second; floor "
            f"{floor_s:.2f} s, ratio {ratio:.2f}; second run {again_s:.2f} s"
        )
    print(closing_table(manifest))


def _round(clips: pd.DataFrame, jobs: int) -> tuple[tuple[float, float, float], pd.DataFrame]:
    """Seconds of the floor, of cleaning, and of cleaning again; and the manifest."""
    with tempfile.TemporaryDirectory() as folder:
        floor_s, _ = _timed(lambda: _floor(list(clips["path"]), Path(folder), jobs))
    with tempfile.TemporaryDirectory() as clean_dir:
        settings = CleaningSettings()
        clean = partial(clean_dataset, clips, clean_dir, settings, jobs=jobs, progress=False)
        first_s, manifest = _timed(clean)
        again_s, _ = _timed(clean)
    return (floor_s, first_s, again_s), manifest


def _floor(paths: list[Path], folder: Path, jobs: int) -> None:
    tasks = [(path, folder / f"{number}.wav") for number, path in enumerate(paths)]
    if jobs == 1:
        for task in tasks:
            _resampled(*task)
        return
    with get_context("spawn").Pool(jobs) as pool:
        pool.starmap(_resampled, tasks, chunksize=8)


def _resampled(path: Path, target: Path) -> None:
    samples, rate_hz = sf.read(path, dtype="float32", always_2d=True)
    rate_out_hz = CleaningSettings().rate_hz
    sf.write(target, soxr.resample(samples[:, 0], rate_hz, rate_out_hz), rate_out_hz, subtype="PCM_16")


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


if __name__ == "__main__":
    main()
