"""A plot of what the network sees."""

from pathlib import Path

import tensorflow as tf

from foundation.claims import claimed
from tagging.config.schema import Config
from tagging.inference.build import build_stage_frontend
from tagging.plots.sounds import batch_plot
from tagging.training.data import stage_data
from tagging.training.stage import Stage
from tagging.training.stage_run import StageRun
from tagging.training.trainer import measure_bands


def show_batch(config: Config, name: str, out: Path, *, jobs: int, most: int = 12) -> Path:
    """Draw the first images of a stage's first batch, augmented as in training, their labels as titles."""
    stage = Stage.of(config, name)
    data = stage_data(config, stage.settings)
    classes = data.dataset.classes
    run = StageRun(stage, data, jobs)
    frontend = build_stage_frontend(config, run.pieces)
    batches = run.batches(frontend)
    frontend(tf.zeros((1, *(length or 1 for length in run.pieces.input_shape))))  # builds it
    measure_bands(frontend, batches)
    images, labels = next(iter(batches.dataset(0, 1)))[:2]  # weights, where there are any, come third
    with claimed("train.py", {"--show-batch": out}, inputs=[*data.dataset.files, *config.dataset.files]):
        titles = [_title(row, classes) for row in labels.numpy()[:most]]
        edges_hz = config.frontend.mel_edges_hz(config.cleaning.rate_hz) if run.pieces.is_audio else None
        batch_plot(images.numpy()[:most, ..., 0], titles, out, edges_hz)
    return out


def _title(targets: list[float], classes: tuple[str, ...]) -> str:
    present = [(name, share) for name, share in zip(classes, targets, strict=True) if share > 0]
    return ", ".join(name if share == 1 else f"{name} {share:.2f}" for name, share in present)
