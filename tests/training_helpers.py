"""What several tests of training share: runs read back, and trainings that are watched or cut short."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tagging.config.errors import ConfigError
from tagging.config.load import load_config
from tagging.config.schema import Config
from tagging.runs.run import HISTORY, read_run
from tagging.training import fit as fit_module
from tagging.training.history import History
from tagging.training.stage_run import StageRun
from tagging.training.train import train_stage

AUGMENTED = (  # what the run `augmented` was made with
    "train.epochs=3",
    "train.augment.spec_augment.enabled=true",
    "train.augment.mixup.alpha=0.4",
    "train.schedule=cosine",
)


def history(run: Path) -> pd.DataFrame:
    """A row an epoch, without the seconds, which no two trainings share."""
    return pd.read_csv(run / "history.csv").drop(columns="seconds")


def network(run: Path) -> keras.Model:
    """What a run has learnt, image -> logits."""
    return read_run(run).load_model().get_layer("network")


def weights(run: Path) -> list[np.ndarray]:
    """All of a run's model, front end included."""
    return read_run(run).load_model().get_weights()


def assert_same_training(run: Path, expected: Path) -> None:
    """Equal histories and weights, to the last bit."""
    pd.testing.assert_frame_equal(history(run), history(expected), check_exact=True)
    for a, b in zip(weights(run), weights(expected), strict=True):
        np.testing.assert_array_equal(a, b)


class PowerCut(keras.callbacks.Callback):
    """Stops training behind a step: the fifth is in the middle of the second epoch (40 clips in batches of 16)."""

    def __init__(self, step: int = 5) -> None:
        super().__init__()
        self.step = step

    def on_epoch_begin(self, epoch, logs=None):
        self.before = epoch * self.params["steps"]

    def on_train_batch_end(self, batch, logs=None):
        if self.before + batch + 1 == self.step:
            raise KeyboardInterrupt


def train_with(
    extra: keras.callbacks.Callback,
    config: Config,
    stage: str = "noisy",
    *,
    force: bool = False,
    devices: int = 1,
) -> Path:
    """A stage with one more callback behind its own."""
    callbacks = fit_module._callbacks
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit_module, "_callbacks", lambda *args: [*callbacks(*args), extra])
        return train_stage(config, stage, jobs=2, force=force, devices=devices)


def train_until_power_cut(config: Config, step: int = 5, devices: int = 1) -> None:
    """A stage that is interrupted."""
    with pytest.raises(KeyboardInterrupt):
        train_with(PowerCut(step), config, devices=devices)


@contextmanager
def run_eagerly() -> Iterator[None]:
    """Steps run without being traced first, which takes longer than the few steps of a tiny training."""
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


def learn_nothing(run: StageRun, *_: object) -> History:
    """In place of `fit`: an epoch in the history, and weights as they were."""
    stage = run.stage
    rows = [{"epoch": 1, "loss": 1.0, "learning_rate": stage.settings.learning_rate, "seconds": 0.0}]
    pd.DataFrame(rows).to_csv(stage.work / HISTORY, index=False)
    return History(stage.work, stage.settings, 1, run.kind, rows)


def one_line_error(folder: Path, override: str) -> str:
    """What `key=value` on a config of one noisy stage is refused with; it has to be one line."""
    (folder / "c.yaml").write_text("stages: {noisy: {sources: [noisy]}}")
    with pytest.raises(ConfigError) as error:
        load_config(folder / "c.yaml", [override])
    message = str(error.value)
    assert "\n" not in message
    return message
