"""The measurements, one figure after the other.

Each one repeats its work and counts the best round; what is done once is not counted.
"""

import os
import platform
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from preprocessing.pool import clean_all
from preprocessing.rows import ClipTask
from tagging.bench.figures import IMAGES, REAL_TIME, Figure, Plan
from tagging.bench.setups import N_CLASSES, TRAINED, UntrainedRun, built, setup
from tagging.bench.sounds import CLIP_S
from tagging.config.schema import Config
from tagging.evaluation.task_kinds import KINDS
from tagging.inference.results import Tags
from tagging.pipeline.batches import TrainingBatches
from tagging.pipeline.pieces import audio_windows
from tagging.runs.ensembles import make_ensemble
from tagging.runs.folds import Member
from tagging.tagger.tagger import Tagger
from tagging.training.device import gpus
from tagging.training.trainer import compiled_trainer


def machine(plan: Plan) -> dict[str, Any]:
    """What the figures are measured on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "jobs": plan.jobs,
        "gpus": [str(device) for device in gpus()],
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        **{name: version(name) for name in ("keras", "numpy", "soundfile", "soxr")},
    }


def cleaning(plan: Plan) -> Iterator[Figure]:
    """`preprocess.py` without its manifest: seconds of audio in a second, start of the processes included."""
    settings, found = setup(plan.networks[0], plan.batch_size).cleaning, []
    for number in range(plan.rounds):
        folder = plan.clean / str(number)
        folder.mkdir(parents=True)
        tasks = [ClipTask("train", file.name, file, folder / file.name) for file in plan.files]
        start = time.perf_counter()
        rows = list(clean_all(tasks, settings, plan.jobs))
        found.append(time.perf_counter() - start)
        assert rows  # noqa: S101  all is done
    yield Figure("cleaning", f"{settings.rate_hz} Hz", len(plan.files) * CLIP_S / min(found), REAL_TIME)


def training(plan: Plan) -> Iterator[Figure]:
    """Clean files to images as training reads them, and each network's step on images that are there."""
    for network in plan.networks:
        config = setup(network, plan.batch_size)
        model, windows = built(config), audio_windows(config.window, config.cleaning.rate_hz)
        if network == plan.networks[0]:
            rate = _best_rate(plan, _epochs(plan, config, model.frontend))
            yield Figure("training", f"files to images ({config.frontend.name})", rate, IMAGES)
        trainer = compiled_trainer(model.network, config.stages[TRAINED], KINDS["multilabel"], N_CLASSES)
        noise = np.random.default_rng(0).normal(0, 0.1, (plan.batch_size, windows.length)).astype(np.float32)
        rate = _best_rate(plan, partial(_steps, plan, trainer, model.frontend(noise)))
        yield Figure("training", f"step of {network}", rate, IMAGES)


def tagging(plan: Plan) -> Iterator[Figure]:
    """`python -m tagging tag` on raw files, decoding and cleaning included."""
    for network in plan.networks:
        run = UntrainedRun.of(setup(network, plan.batch_size))
        tagger = Tagger(make_ensemble(run.config, [Member(run.path, (run,))]))
        rate = _best_rate(plan, partial(_tagged, plan, tagger))
        yield Figure("tagging", network, rate * CLIP_S, REAL_TIME)


def _epochs(plan: Plan, config: Config, frontend: keras.Layer) -> Callable[[], int]:
    """What reads an epoch of the clean files at each call, with what comes before training begins done once."""
    files = sorted(plan.clean.glob("0/*.wav"))
    batches = TrainingBatches(
        paths=files,
        targets=np.zeros((len(files), N_CLASSES), np.float32),
        pieces=audio_windows(config.window, config.cleaning.rate_hz),
        frontend=frontend,
        augment=config.stages[TRAINED].augment,
        batch_size=plan.batch_size,
        seed=0,
        jobs=plan.jobs,
    )
    images = iter(batches.dataset(0, plan.rounds + 1))

    def epoch() -> int:
        return sum(len(next(images)[0]) for _ in range(batches.steps))

    return epoch


def _steps(plan: Plan, trainer: keras.Model, images: tf.Tensor) -> int:
    steps, labels = max(1, len(plan.files) // plan.batch_size), tf.zeros((plan.batch_size, N_CLASSES))
    for _ in range(steps):
        trainer.train_on_batch(images, labels)
    return steps * plan.batch_size


def _tagged(plan: Plan, tagger: Tagger) -> int:
    return sum(isinstance(found, Tags) for _, found in tagger.each(plan.files, plan.jobs))


def _best_rate(plan: Plan, work: Callable[[], int]) -> float:
    """How much `work` does in a second, by what it returns, in the best round after one that traces."""
    rates = []
    for _ in range(plan.rounds + 1):
        start = time.perf_counter()
        amount = work()
        rates.append(amount / (time.perf_counter() - start))
    return max(rates[1:])


def _processor() -> str:
    """Its name where Linux tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
