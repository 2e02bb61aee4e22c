"""How memory and time of the three scripts grow with the number of clips.

    python -m benchmarks.growth --clips 500 2000 5000

Clips of noise, one second each in two folders, are cleaned by preprocess.py, a small network trains on them for an
epoch, and predict.py tags the same files as raw audio. Prints, per number of clips, the largest resident memory of a
process and the CPU time, of which a run of `--base` clips is subtracted (imports, building the network, tracing), per
clip.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile as sf

from tagging import cli

RATE_HZ = 16_000
SETTINGS = (
    *(
        "dataset.layout=folders",
        "cleaning.rate_hz=16000",
        "cleaning.remove_silence=false",
        "window.window_s=1",
    ),
    *("window.hop_s=1", "model.filters=[8,16]", "stages.train.epochs=1"),
)


class Use(NamedTuple):
    """Of one command: largest resident memory of a process in MiB, CPU time in seconds."""

    memory_mib: float
    cpu_s: float


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=cli.positive, nargs="+", default=[500, 2000, 5000])
    parser.add_argument("--base", type=cli.positive, default=100)
    parser.add_argument("--jobs", type=cli.positive, default=cli.available_cores())
    args = parser.parse_args()
    base = measure(args.base, args.jobs)
    print(f"{'':10}  {'clips':>6}  {'MiB':>6}  {'CPU s':>6}  ms per clip")
    for n_clips in (args.base, *args.clips):
        found = base if n_clips == args.base else measure(n_clips, args.jobs)
        for name, use in found.items():
            more = n_clips - args.base
            per_clip = f"{1000 * (use.cpu_s - base[name].cpu_s) / more:11.2f}" if more else ""
            print(f"{name:10}  {n_clips:6}  {use.memory_mib:6.0f}  {use.cpu_s:6.1f}  {per_clip}", flush=True)
    return 0


def measure(n_clips: int, jobs: int) -> dict[str, Use]:
    """Each script on so many clips."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        write_clips(here / "audio", n_clips)
        stage = ("--config", "configs/own/scratch.yaml", f"dataset.root={here / 'audio'}", *SETTINGS)
        places = (f"clean_dir={here / 'clean'}", f"run_dir={here / 'run'}", "--jobs", str(jobs))
        return {
            "preprocess": used("preprocess.py", *stage, *places),
            "train": used("train.py", *stage, *places),
            "predict": used(
                *("predict.py", "--runs", str(here / "run/train"), "--audio", str(here / "audio")),
                *("--out", str(here / "tags.csv"), "--jobs", str(jobs)),
            ),
        }


def write_clips(root: Path, n_clips: int) -> None:
    """Noise, every second clip low."""
    rng = np.random.default_rng(0)
    for number in range(n_clips):
        noise = rng.normal(0, 0.1, RATE_HZ)
        is_low = number % 2
        folder = root / ("low" if is_low else "high")
        folder.mkdir(parents=True, exist_ok=True)
        sf.write(folder / f"{number:06}.wav", np.cumsum(noise) / 100 if is_low else noise, RATE_HZ)


def used(script: str, *arguments: str) -> Use:
    """What a command takes, its worker processes included."""
    process = subprocess.Popen(  # noqa: S603  our own scripts
        [sys.executable, script, *arguments], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return Use(usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime)


if __name__ == "__main__":
    sys.exit(main())
