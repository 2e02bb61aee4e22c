"""Seconds of audio that are tagged in a second, decoding included, on one core and on two.

    python -m benchmarks.tagging_speed --audio data/ESC10 --weights mn04_as_mAP_432.pt --yamnet yamnet.weights.h5

The clips of a folder are written as 16-bit WAVs (400 of them; fewer are repeated) and joined to one of an hour. The
published AudioSet tagger tags the files with `Tagger.each`, and the hour as a whole clip, as a timeline (of columns)
and as one of windows that do not overlap. With `--yamnet`, the network of `configs/fsd_mini/yamnet.yaml` with these
weights tags the files, in turn with it. The two halves of tagging files are timed alone, too: decoding and cleaning,
and the networks with windows in memory. What files take is printed as a ratio to the larger of them, and to their sum,
which is the floor where both use the same cores. Each number of cores has its own process, which uses no others. Prints
the best of several rounds, as seconds of audio in a second, and in a second of CPU time. Loading and the first round,
which traces, are not counted.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import soundfile as sf

from benchmarks.preprocess_speed import clips_under
from foundation.workers import Workers
from preprocessing.sound_files import decode
from tagging import Tagger, cli
from tagging.cli import backend, running
from tagging.config.load import load_config
from tagging.inference.published import audioset_run
from tagging.runs.ensembles import make_ensemble
from tagging.runs.folds import Member
from tagging.runs.run import Run
from tagging.tagger.clips import file_sound
from tagging.tagger.packing import Batch
from tagging.tagger.whole_clips import batches_of, groups_of

HOUR_S = 3600
YAMNET = Path("configs/fsd_mini/yamnet.yaml")

Way = tuple[str, float, Callable[[], object]]
"""What is timed: its name, how many seconds of audio it takes, and the call."""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--audio", type=Path, required=True, help="folder of audio of one rate")
    parser.add_argument("--weights", default="audioset", help="of the tagger (default: they are downloaded)")
    parser.add_argument("--yamnet", help="weights of YAMNet; `audioset` downloads them")
    parser.add_argument("--files", type=cli.positive, default=400, help="default: %(default)s")
    parser.add_argument("--rounds", type=cli.positive, default=3, help="default: %(default)s")
    parser.add_argument("--jobs", type=cli.positive, nargs="+", default=[1, 2], help="numbers of cores")
    return running.run(_measure, parser, None, interrupted=running.NOTHING_LOST)


def _measure(args: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder:
        write_sounds(args.audio, Path(folder), args.files)
        for jobs in args.jobs:
            process = get_context("spawn").Process(target=measure_cores, args=(args, Path(folder), jobs))
            process.start()
            process.join()
            if process.exitcode:
                return 1
    return 0


def write_sounds(source: Path, folder: Path, n_files: int) -> None:
    """`n_files` WAVs in `folder`/files, and an hour of the same sounds in `folder`/hour.wav."""
    sounds = [decode(path) for path in clips_under(source)["path"]]
    (folder / "files").mkdir()
    for number, (samples, rate_hz) in enumerate(islice(cycle(sounds), n_files)):
        sf.write(folder / "files" / f"{number:04}.wav", samples, rate_hz)
    joined = np.concatenate([samples[:, 0] for samples, _ in sounds])
    rate_hz = sounds[0][1]
    sf.write(folder / "hour.wav", np.resize(joined, HOUR_S * rate_hz), rate_hz)


def measure_cores(args: argparse.Namespace, folder: Path, jobs: int) -> None:
    """Time all ways on so many cores, in turn, and print a line for each."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:jobs])
    backend.quiet_tensorflow(jobs, calls_apart=True)
    ways = _ways(args, folder, jobs)
    rounds = np.array([[timed(call) for _, _, call in ways] for _ in range(args.rounds + 1)])[1:]
    for (name, audio_s, _), (wall_s, cpu_s) in zip(ways, rounds.min(axis=0), strict=True):
        print(
            f"{jobs} cores, {name:>16}: {audio_s / wall_s:5.0f} times real time, {audio_s / cpu_s:5.0f} of CPU time",
            flush=True,
        )
    files_s, *halves_s = rounds[:, [0, 1, 2], 0].T
    for name, floor_s in (("larger half", np.maximum(*halves_s)), ("sum of both", np.add(*halves_s))):
        print(f"{jobs} cores, mn04, files: {np.median(files_s / floor_s):.2f} times the {name}", flush=True)


def _ways(args: argparse.Namespace, folder: Path, jobs: int) -> list[Way]:
    files, hour = sorted((folder / "files").iterdir()), folder / "hour.wav"
    seconds = sum(sf.info(file).duration for file in files)
    published = audioset_run(args.weights)
    tagger, hop_s = _tagger(published), published.config.window.window_s
    clean, predict = halves(tagger, files, jobs)
    ways: list[Way] = [
        ("mn04, files", seconds, lambda: list(tagger.each(files, jobs))),
        ("decoding alone", seconds, clean),
        ("network alone", seconds, predict),
        ("mn04, whole hour", HOUR_S, lambda: tagger(hour, jobs=jobs)),
        ("mn04, timeline", HOUR_S, lambda: tagger.timeline(hour, jobs=jobs)),
        ("mn04, windows", HOUR_S, lambda: tagger.timeline(hour, window_s=hop_s, hop_s=hop_s, jobs=jobs)),
    ]
    if args.yamnet:
        settings = [f"model.weights={args.yamnet}", "cleaning.remove_silence=false"]
        yamnet = _tagger(replace(published, path=YAMNET, config=load_config(YAMNET, settings)))
        ways.append(("YAMNet, files", seconds, lambda: list(yamnet.each(files, jobs))))
    return ways


def halves(tagger: Tagger, files: list[Path], jobs: int) -> tuple[Callable[[], object], Callable[[], object]]:
    """Decoding and cleaning of files into batches, and the network with these batches."""
    sounds, (network,) = [file_sound(file) for file in files], tagger._networks.saved

    def clean() -> list[Batch]:
        with Workers(jobs) as workers:
            groups = workers.in_order(
                lambda group: list(batches_of([network], group, {})), groups_of(sounds, jobs)
            )
            return [batch for group in groups for batch in group]

    batches = clean()

    def predict() -> None:
        with Workers(jobs) as workers:
            for _ in workers.in_order(lambda batch: network(network.pieces, batch.pieces), batches):
                pass

    return clean, predict


def _tagger(run: Run) -> Tagger:
    return Tagger(make_ensemble(run.config, [Member(run.path, (run,))]))


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and seconds of CPU time."""
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall_s, time.process_time() - cpu_s


if __name__ == "__main__":
    raise SystemExit(main())
