"""How fast training batches come: files to images, compared with the front end alone and with `tf.audio.decode_wav`.

    python -m benchmarks.pipeline_speed --audio CLEAN_DIR/curated

Each is timed in turn, several rounds in one run, and given as a ratio to the front end on windows in memory, which is
what an input pipeline without any cost would reach: 1.00. More is better.
"""

import argparse
import statistics
import time
from pathlib import Path
from unittest import mock

import numpy as np
import tensorflow as tf

from tagging.augment.ops.spec_augment import SpecAugmentSettings
from tagging.augment.settings import AugmentSettings
from tagging.cli import available_cores
from tagging.frontend.log_mel import LogMel
from tagging.pipeline.batches import TrainingBatches
from tagging.pipeline.pieces import AudioWindows

BATCH, LENGTH = 32, 48_000
WINDOWS = AudioWindows(LENGTH, LENGTH, candidates=3)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--audio", type=Path, required=True, help="folder of clean audio")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--jobs", type=int, default=available_cores())
    args = parser.parse_args()
    paths = sorted(args.audio.glob("*.wav"))
    if not paths:
        parser.error(f"expected WAV files in {args.audio}, found none")
    ways = {
        "front end alone": in_memory(len(paths)),
        "files to images": from_files(paths, args.jobs, AugmentSettings()),
        "with SpecAugment": from_files(
            paths, args.jobs, AugmentSettings(spec_augment=SpecAugmentSettings(enabled=True))
        ),
        "by decode_wav": by_decode_wav(paths, args.jobs),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(args.rounds + 1):
        for name, dataset in ways.items():
            seconds[name].append(timed(dataset))
    alone = seconds["front end alone"][1:]  # the first round traces
    for name, times in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(alone, times[1:], strict=True))
        print(f"{name:>17}  {len(paths) / statistics.median(times[1:]):7.0f} clips/s   {ratio:.2f}")


def in_memory(n_clips: int) -> tf.data.Dataset:
    """As many windows of noise, in memory, through the front end."""
    noise = np.random.default_rng(0).normal(0, 3000, (BATCH, LENGTH)).astype(np.int16)
    frontend = LogMel()
    one = tf.data.Dataset.from_tensors(noise).repeat(-(-n_clips // BATCH))
    options = tf.data.Options()
    options.autotune.enabled = False
    return one.map(lambda pcm: frontend(WINDOWS.to_input(pcm)), num_parallel_calls=2).with_options(options)


def from_files(paths: list[Path], jobs: int, augment: AugmentSettings) -> tf.data.Dataset:
    """An epoch as training has it."""
    targets = np.zeros((len(paths), 80), np.float32)
    supply = TrainingBatches(paths, targets, WINDOWS, LogMel(), augment, BATCH, 0, jobs)
    return supply.dataset(0, 1)


def by_decode_wav(paths: list[Path], jobs: int) -> tf.data.Dataset:
    """The same epoch with TensorFlow's own WAV decoder."""

    def decode(_self: AudioWindows, path: tf.Tensor) -> tf.Tensor:
        return tf.cast(tf.audio.decode_wav(tf.io.read_file(path))[0][:, 0] * 32768.0, tf.int16)

    with mock.patch.object(AudioWindows, "read", decode):
        return from_files(paths, jobs, AugmentSettings())


def timed(dataset: tf.data.Dataset) -> float:
    start = time.perf_counter()
    for _ in dataset:
        pass
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
