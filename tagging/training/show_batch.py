"""A plot of what the network sees."""

from pathlib import Path

import numpy as np
from keras import ops

from foundation.claims import claimed
from tagging.augment.batch import Step
from tagging.config.schema import Config
from tagging.inference.build import build_stage_frontend
from tagging.pipeline.images import FRONT_END
from tagging.plots.images import batch_plot
from tagging.plots.sounds import step_plot
from tagging.training.data import stage_data
from tagging.training.stage import Stage
from tagging.training.stage_run import StageRun
from tagging.training.trainer import measure_bands

_MOST_ROWS = 6  # of waveforms


def show_batch(config: Config, name: str, out: Path, *, jobs: int, most: int = 12) -> Path:
    """Draw a stage's first batch, augmented as in training, with the labels: images, or waveforms step by step."""
    stage = Stage.of(config, name)
    data = stage_data(config, stage.settings)
    run = StageRun(stage, data, jobs)
    frontend = build_stage_frontend(config, run.pieces)
    batches = run.batches(frontend)
    frontend(ops.zeros((1, *(length or 1 for length in run.pieces.input_shape))))  # builds it
    measure_bands(frontend, batches)
    steps = batches.first_steps()
    _, seen = steps[-1]
    titles = [_title(row, data.dataset.classes) for row in ops.convert_to_numpy(seen.labels)[:most]]
    with claimed("train.py", {"--show-batch": out}, inputs=[*data.dataset.files, *config.dataset.files]):
        if run.pieces.is_audio and config.frontend.shows_samples:
            _draw_waveforms(steps, titles[:_MOST_ROWS], config.cleaning.rate_hz, out)
        else:
            edges_hz = config.frontend.mel_edges_hz(config.cleaning.rate_hz) if run.pieces.is_audio else None
            batch_plot(ops.convert_to_numpy(seen.inputs)[:most, ..., 0], titles, out, edges_hz)
    return out


def _draw_waveforms(steps: list[Step], titles: list[str], rate_hz: int, out: Path) -> None:
    """Waveforms before and after each step that changes any of them; from the front end on, each on its own scale."""
    names = [name for name, _ in steps]
    waves = [
        np.reshape(ops.convert_to_numpy(batch.inputs)[: len(titles)], (len(titles), -1)) for _, batch in steps
    ]
    pairs = zip(names[1:], waves[1:], waves[:-1], strict=True)
    drawn = {name: after for name, after, before in pairs if (after != before).any()}
    step_plot({names[0]: waves[0], **drawn}, titles, rate_hz, out, own_scale=names[names.index(FRONT_END) :])


def _title(targets: np.ndarray, classes: tuple[str, ...]) -> str:
    present = [(name, share) for name, share in zip(classes, targets, strict=True) if share > 0]
    return ", ".join(name if share == 1 else f"{name} {share:.2f}" for name, share in present)
