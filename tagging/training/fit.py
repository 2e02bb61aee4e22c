"""The epochs of a stage, from the start or from the last backup to the end."""

from collections.abc import Callable, Sequence

import keras

from foundation.full_disk import writing
from tagging.pipeline.clips import clip_files
from tagging.runs.contents import BACKUPS
from tagging.runs.run import BATCHES, RunError
from tagging.training.backup import Backup, restore
from tagging.training.batch_loss import BatchLosses, read_batches
from tagging.training.callbacks import Averages, RawWeights, RefuseDivergence, Validate, Watch
from tagging.training.history import BEST, History
from tagging.training.learner import Learner
from tagging.training.replicas import dealt
from tagging.training.schedules import Schedule
from tagging.training.stage_run import StageRun

_TENSORBOARD = "tensorboard"


def fit(
    run: StageRun,
    learner: Learner,
    trainer: keras.Model,
    watchers: Sequence[Callable[[dict], None]] = (),
) -> History:
    """Train; leaves the best weights in the network and returns the history.

    Args:
        run: what there is to train.
        learner: what trains, on which batches.
        trainer: its network with loss and optimiser.
        watchers: each is given the history's row of an epoch once it is written; an exception ends training.

    Raises:
        RunError: a plateau is waited for, but there are no validation clips.
    """
    settings, batches = run.stage.settings, learner.batches
    if settings.has_plateau and not len(run.data.validation):
        raise RunError(
            f"train.schedule={settings.schedule} needs validation clips, received none; hold out clips"
        )
    rows = restore(run.stage.work / BACKUPS, trainer)
    if rows:
        print(f"resuming after epoch {len(rows)}, where training was interrupted")
    if run.stage.config.tracking.batch_loss and len(rows) and read_batches(run.stage.work / BATCHES).empty:
        print(
            f"{BATCHES} begins with epoch {len(rows) + 1}: before, the stage was trained without tracking.batch_loss"
        )
    history = History(run.stage.work, settings, batches.steps, run.kind, rows)
    if not history.finished:
        with clip_files(), writing(run.stage.work / _TENSORBOARD):
            trainer.fit(
                dealt(batches.dataset(len(rows), settings.epochs)),
                initial_epoch=len(rows),
                epochs=settings.epochs,
                steps_per_epoch=batches.steps,
                callbacks=_callbacks(run, learner, history, watchers),
                shuffle=False,  # the pipeline does it
                verbose=0,
            )
    trainer.load_weights(run.stage.work / BEST)
    return history


def _callbacks(
    run: StageRun, learner: Learner, history: History, watchers: Sequence[Callable[[dict], None]]
) -> list[keras.callbacks.Callback]:
    """In the order in which they need each other: rate, validation and history (of averages, if any), logs, backup."""
    before: list[keras.callbacks.Callback] = [RefuseDivergence(), Schedule(run.stage.settings, history)]
    if run.stage.config.tracking.batch_loss:
        before.append(BatchLosses(run.stage.work, len(history.rows)))
    callbacks: list[keras.callbacks.Callback] = [history]
    if len(run.data.validation):
        callbacks.insert(0, Validate(learner.validate))
    if run.stage.settings.ema_momentum:
        averages = Averages()
        callbacks = [averages, *callbacks, RawWeights(averages)]
    tensorboard = keras.callbacks.TensorBoard(run.stage.work / _TENSORBOARD, write_graph=False)
    watches = [Watch(history, watcher) for watcher in watchers]
    return [*before, *callbacks, tensorboard, *watches, Backup(run.stage.work / BACKUPS, history)]
