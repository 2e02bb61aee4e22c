"""The epochs of a stage, from the start or from the last backup to the end."""

from collections.abc import Callable
from functools import partial

import keras
import numpy as np

from tagging.training.callbacks import (
    BEST,
    Averages,
    Backup,
    History,
    RawWeights,
    RefuseDivergence,
    Validate,
    restore,
)
from tagging.training.settings import StageSettings
from tagging.training.task import Task

BACKUPS = "backup"


def fit(task: Task, trainer: keras.Model, step: Callable, frontend: keras.Layer) -> History:
    """Train; leaves the best weights in the model and returns the history.

    Args:
        task: what there is to train.
        trainer: compiled, image -> logits.
        step: waveform -> logits through the same layers, for validation; from `prediction.inference_step`.
        frontend: makes the images.
    """
    settings, batches = task.settings, task.batches(frontend)
    rows = restore(task.work / BACKUPS, trainer)
    if rows:
        print(f"going on after epoch {len(rows)}, where training was interrupted")
    history = History(task.work, settings, batches.steps, rows)
    if not history.finished:
        trainer.fit(
            batches.dataset(len(rows), settings.epochs),
            initial_epoch=len(rows),
            epochs=settings.epochs,
            steps_per_epoch=batches.steps,
            callbacks=_callbacks(task, step, history),
            shuffle=False,  # the pipeline does it
            verbose=0,
        )
    trainer.load_weights(task.work / BEST)
    return history


def _callbacks(task: Task, step: Callable, history: History) -> list[keras.callbacks.Callback]:
    """In the order in which they need each other: rate, validation and history (of averages, if any), logs, backup."""
    before: list[keras.callbacks.Callback] = [RefuseDivergence()]
    if task.settings.schedule == "cosine":
        before.append(keras.callbacks.LearningRateScheduler(partial(cosine_rate, task.settings)))
    judged: list[keras.callbacks.Callback] = [history]
    if len(task.data.validation):
        judged.insert(0, Validate(partial(task.validate, step)))
    if task.settings.ema_momentum:
        averages = Averages()
        judged = [averages, *judged, RawWeights(averages)]
    tensorboard = keras.callbacks.TensorBoard(task.work / "tensorboard", write_graph=False)
    return [*before, *judged, tensorboard, Backup(task.work / BACKUPS, history)]


def cosine_rate(settings: StageSettings, epoch: int, _rate: float = 0.0) -> float:
    """Learning rate of an epoch, counted from 0: from `learning_rate` down towards 0 along half a cosine.

    Loshchilov & Hutter 2017, arXiv:1608.03983, equation 5, without restarts, one value an epoch.
    """
    return float(settings.learning_rate * 0.5 * (1 + np.cos(np.pi * epoch / settings.epochs)))
