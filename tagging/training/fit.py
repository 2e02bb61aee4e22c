"""The epochs of a stage, from the start or from the last backup to the end."""

from collections.abc import Callable, Sequence
from functools import partial

import keras

from tagging.pipeline.batches import TrainingBatches
from tagging.runs.contents import BACKUPS
from tagging.runs.run import RunError
from tagging.training.backup import Backup, restore
from tagging.training.callbacks import Averages, RawWeights, RefuseDivergence, Validate, Watch
from tagging.training.history import BEST, History
from tagging.training.overfit import FirstBatches
from tagging.training.schedules import Schedule
from tagging.training.task import Task


def fit(
    task: Task,
    trainer: keras.Model,
    step: Callable,
    frontend: keras.Layer,
    watchers: Sequence[Callable[[dict], None]] = (),
) -> History:
    """Train; leaves the best weights in the model and returns the history.

    Args:
        task: what there is to train.
        trainer: compiled, image -> logits.
        step: waveform -> logits through the same layers, for validation; from `prediction.inference_step`.
        frontend: makes the images.
        watchers: each is given the history's row of an epoch once it is written; an exception ends training.

    Raises:
        RunError: a plateau is waited for, but there are no validation clips.
    """
    settings, batches = task.settings, _batches(task, frontend)
    if settings.has_plateau and not len(task.data.validation):
        raise RunError(
            f"train.schedule={settings.schedule} needs validation clips, received none; hold out clips"
        )
    rows = restore(task.work / BACKUPS, trainer)
    if rows:
        print(f"resuming after epoch {len(rows)}, where training was interrupted")
    history = History(task.work, settings, batches.steps, task.kind, rows)
    if not history.finished:
        trainer.fit(
            batches.dataset(len(rows), settings.epochs),
            initial_epoch=len(rows),
            epochs=settings.epochs,
            steps_per_epoch=batches.steps,
            callbacks=_callbacks(task, step, history, watchers),
            shuffle=False,  # the pipeline does it
            verbose=0,
        )
    trainer.load_weights(task.work / BEST)
    return history


def _batches(task: Task, frontend: keras.Layer) -> TrainingBatches | FirstBatches:
    """All that the stage learns from, or the few batches of a check."""
    batches = task.batches(frontend)
    if not task.settings.overfit_batches:
        return batches
    first = FirstBatches(batches, task.settings.overfit_batches)
    print(
        f"train.overfit_batches={first.n}: overfitting check on {first.steps} of {batches.steps} "
        "batches, without augmentation; not a usable model"
    )
    return first


def _callbacks(
    task: Task, step: Callable, history: History, watchers: Sequence[Callable[[dict], None]]
) -> list[keras.callbacks.Callback]:
    """In the order in which they need each other: rate, validation and history (of averages, if any), logs, backup."""
    before: list[keras.callbacks.Callback] = [RefuseDivergence(), Schedule(task.settings, history)]
    callbacks: list[keras.callbacks.Callback] = [history]
    if len(task.data.validation):
        callbacks.insert(0, Validate(partial(task.validate, step)))
    if task.settings.ema_momentum:
        averages = Averages()
        callbacks = [averages, *callbacks, RawWeights(averages)]
    tensorboard = keras.callbacks.TensorBoard(task.work / "tensorboard", write_graph=False)
    watches = [Watch(history, watcher) for watcher in watchers]
    return [*before, *callbacks, tensorboard, *watches, Backup(task.work / BACKUPS, history)]
