"""How long an epoch takes next to its training steps alone, with images made on the host and on the device.

    python -m benchmarks.device_step                                          # small: a CPU in two minutes
    python -m benchmarks.device_step --networks simple_cnn mobilenet_v2 --batch 128 --jobs 4 16 --clips 12800 \\
        --precision float32 mixed_float16                                     # a GPU
    KERAS_BACKEND=jax python -m benchmarks.device_step ...                    # the same on JAX

`steps alone` trains on one batch of ready images, over and over: what an input pipeline without any cost would reach.
The other rows train on windows of noise, an epoch each in turn, `--rounds` times after a first one, in which steps are
compiled. `ratio` is the median of an epoch's time over that of the steps alone in the same round; 1.00 is the aim.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from models.registry import build_network, expected_channels
from models.settings import ModelSettings
from preprocessing.wav import wav_bytes
from tagging import cli
from tagging.augment.ops.mixup import MixUpSettings
from tagging.augment.ops.spec_augment import SpecAugmentSettings
from tagging.augment.ops.waveform_mix import WaveformMixSettings
from tagging.augment.settings import AugmentSettings
from tagging.cli import backend
from tagging.config.stage import StageSettings
from tagging.evaluation.task_kinds import KINDS
from tagging.frontend.registry import build_frontend
from tagging.frontend.settings import FrontendSettings
from tagging.pipeline.batches import TrainingBatches
from tagging.pipeline.pieces import AudioWindows
from tagging.training.device import device_name
from tagging.training.trainer import compiled_trainer

RATE_HZ, LENGTH, CLASSES = 16_000, 48_000, 80
FILES = 256  # and fewer than clips: a file stands for several
AUGMENTS = {
    "none": AugmentSettings(),
    "spec_augment": AugmentSettings(spec_augment=SpecAugmentSettings(enabled=True)),
    "all": AugmentSettings(
        spec_augment=SpecAugmentSettings(enabled=True),
        mixup=MixUpSettings(alpha=0.4),
        waveform_mix=WaveformMixSettings(probability=0.5),
        time_shift_share=0.5,
    ),
}


class EpochSeconds(keras.callbacks.Callback):
    """Seconds of each epoch, to the last value of its loss."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        self.begun = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        float((logs or {})["loss"])  # waits for the device
        self.seconds.append(time.perf_counter() - self.begun)


class Training:
    """A network that trains an epoch at a time.

    Args:
        network: its name.
        batches: what it trains on.
        alone: on its first batch over and over, with images in memory.
    """

    def __init__(self, network: str, batches: TrainingBatches, *, alone: bool = False) -> None:
        keras.utils.set_random_seed(0)
        shape = batches.frontend.compute_output_shape((None, LENGTH))[1:]
        model = build_network(ModelSettings(network), shape, CLASSES)
        finish = None if alone else batches.finished
        self._trainer = compiled_trainer(model, StageSettings(), KINDS["multilabel"], CLASSES, finish=finish)
        self._batches, self._timer, self._ready = batches, EpochSeconds(), None
        if alone:
            images = batches.finished(next(iter(batches.dataset(0, 1))))
            self._ready = tf.data.Dataset.from_tensors(
                tuple(map(keras.ops.convert_to_numpy, images))
            ).repeat()

    @property
    def seconds(self) -> list[float]:
        """Of each epoch but the first."""
        return self._timer.seconds[1:]

    def epoch(self, number: int) -> None:
        """Train one."""
        self._trainer.fit(
            self._ready or self._batches.dataset(number, number + 1),
            steps_per_epoch=self._batches.steps,
            callbacks=[self._timer],
            shuffle=False,
            verbose=0,
        )


def main(argv: Sequence[str] | None = None) -> int:
    args = _arguments(argv)
    backend.quiet_tensorflow(max(args.jobs))
    print(f"{keras.backend.backend()} on {device_name()}, {args.clips} windows of 3 s an epoch")
    print(
        f"{'network':>13} {'batch':>5} {'precision':>13} {'augment':>12} {'images':>11} {'jobs':>4} {'img/s':>8}  ratio"
    )
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        paths = _noise(Path(folder), args.clips)
        for row in _rows(args, paths):
            rows.append(row)
            print("{network:>13} {batch:>5} {precision:>13} {augment:>12} {images:>11} {jobs:>4} {images_per_s:>8.0f}"
                  "  {ratio:.2f}".format(**row), flush=True)  # fmt: skip
    if args.json:
        args.json.write_text(json.dumps({"device": device_name(), "rows": rows}, indent=1))
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", nargs="+", default=["simple_cnn"])
    parser.add_argument("--batch", nargs="+", type=cli.positive, default=[32])
    parser.add_argument("--jobs", nargs="+", type=cli.positive, default=[cli.available_cores()])
    parser.add_argument("--precision", nargs="+", choices=("float32", "mixed_float16"), default=["float32"])
    parser.add_argument("--augment", nargs="+", choices=AUGMENTS, default=["spec_augment"])
    parser.add_argument("--images", nargs="+", choices=("host", "device"), default=["host", "device"])
    parser.add_argument("--clips", type=cli.positive, default=640, help="an epoch (default: %(default)s)")
    parser.add_argument("--rounds", type=cli.positive, default=3, help="epochs that are timed")
    parser.add_argument("--json", type=Path, help="the rows as JSON")
    return parser.parse_args(argv)


def _noise(folder: Path, n_clips: int) -> list[Path]:
    """Clean clips of 4 s."""
    random, paths = np.random.default_rng(0), []
    for number in range(min(FILES, n_clips)):
        paths.append(folder / f"{number}.wav")
        paths[-1].write_bytes(wav_bytes(random.normal(0, 3000, 64_000).astype(np.int16), RATE_HZ))
    return [paths[clip % len(paths)] for clip in range(n_clips)]


def _rows(args: argparse.Namespace, paths: list[Path]) -> Iterator[dict[str, Any]]:
    """A row of `steps alone` for each network, batch and precision, then those of whole epochs."""
    places = [each for each in args.images if each == "device" or keras.backend.backend() == "tensorflow"]
    for network, batch, precision in product(args.networks, args.batch, args.precision):
        keras.config.set_dtype_policy(precision)
        ready = _batches(paths, network, batch, "device", 1, "none")
        trainings = {("none", "steps alone", 0): Training(network, ready, alone=True)}
        for augment, images, jobs in product(args.augment, places, args.jobs):
            batches = _batches(paths, network, batch, images, jobs, augment)
            trainings[augment, images, jobs] = Training(network, batches)
        for number in range(args.rounds + 1):
            for training in trainings.values():
                training.epoch(number)
        alone = trainings["none", "steps alone", 0].seconds
        for (augment, images, jobs), training in trainings.items():
            ratios = [a / b for a, b in zip(training.seconds, alone, strict=True)]
            yield {
                **{"network": network, "batch": batch, "precision": precision},
                **{"augment": augment, "images": images, "jobs": jobs},
                "images_per_s": len(paths) / statistics.median(training.seconds),
                "ratio": statistics.median(ratios),
            }


def _batches(
    paths: list[Path], network: str, batch: int, images: str, jobs: int, augment: str
) -> TrainingBatches:
    return TrainingBatches(
        paths=paths,
        targets=np.eye(CLASSES, dtype=np.float32)[np.arange(len(paths)) % CLASSES],
        pieces=AudioWindows(LENGTH, LENGTH, candidates=3),
        frontend=build_frontend(FrontendSettings(), RATE_HZ, expected_channels(ModelSettings(network))),
        augment=AUGMENTS[augment],
        batch_size=batch,
        seed=0,
        jobs=jobs,
        on_device=images == "device",
    )


if __name__ == "__main__":
    raise SystemExit(main())
