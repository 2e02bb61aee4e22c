"""`train.py`: one stage from clean audio to a run folder."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from foundation.full_disk import saving
from foundation.locks import locked
from foundation.marks import RUN, is_marked
from foundation.words import some
from models.parts.backbone import set_trainable
from preprocessing.folder import reading
from tagging.config.schema import Config
from tagging.datasets.splits import write_split
from tagging.inference.build import build_tagger
from tagging.inference.levels import training_floor_db
from tagging.pipeline.pieces import AudioWindows
from tagging.runs.contents import IDENTITY
from tagging.runs.place import check_place, finish_run, make_run_dir, recover
from tagging.runs.run import BATCHES, INHERITED, MODEL, NOISY_SPLIT, SPLIT, Run, RunError, read_run
from tagging.training.data import StageData, stage_data
from tagging.training.device import check_pipeline, device_name
from tagging.training.fit import fit
from tagging.training.inherited import built_on, inherited_clips, warn_of_test_clips
from tagging.training.learner import learner_of
from tagging.training.memory import peak_memory_mib
from tagging.training.opening import opening
from tagging.training.outcome import closing_table, describe, targets_table, write_validation
from tagging.training.replicas import SPLIT_STATISTICS, check_compiled, shared_by, splits_statistics
from tagging.training.selection import select_clips
from tagging.training.stage import Stage
from tagging.training.stage_run import StageRun
from tagging.training.start import (
    check_same,
    check_start,
    check_teacher,
    identity,
    initial_run,
    teacher_runs,
)
from tagging.training.tracking import check_tracking, tracked
from tagging.training.trainer import compiled_trainer, count_parameters, measure_bands
from tagging.training.work import has_begun, open_work, remove_scaffolding

Watcher = Callable[[dict], None]
"""Is given the history's row of each epoch once it is written; an exception ends training."""


def train_stage(
    config: Config,
    name: str,
    *,
    jobs: int,
    force: bool = False,
    watch: Watcher | None = None,
    devices: int = 1,
) -> Path:
    """Train one stage, or resume it where it was interrupted; the folder of the finished run.

    Args:
        config: the whole experiment.
        name: of the stage.
        jobs: clips read in parallel.
        force: retrain from scratch, discarding finished or partial runs.
        watch: see `Watcher`.
        devices: how many of those that this process sees share each batch.

    Raises:
        DevicesError: a setting that several devices do not allow.
        BusyError: another process trains it, or replaces clean files.
        RunError: the run was finished or begun with other settings, or `init` names no run that fits.
    """
    check_tracking(config.tracking)
    check_pipeline(config.pipeline)
    if config.deterministic:
        tf.config.experimental.enable_op_determinism()  # of this process, from here on
    stage = Stage.of(config, name)
    check_place(stage.final, replaces=force)
    make_run_dir(stage.final.parent)
    with (
        locked(stage.final.with_name(f".{stage.final.name}.lock"), f"training {stage.final}"),
        reading(Path(config.clean_dir)),
    ):
        recover(stage.final)
        check_compiled(stage.settings, devices)
        return _train_alone(stage, jobs, force, watch, devices)


def _train_alone(stage: Stage, jobs: int, force: bool, watch: Watcher | None, devices: int) -> Path:
    start, teachers = initial_run(stage), teacher_runs(stage)
    data = stage_data(stage.config, stage.settings)
    made_of = identity(stage, data, start, teachers)
    _check_built_on(stage, data, made_of, start, teachers)
    sources = built_on(stage, start, teachers)
    warn_of_test_clips(sources, data, stage.config.dataset)
    is_finished = is_marked(stage.final, RUN)
    if is_finished and not force:
        if not has_begun(stage, made_of):
            return _finished(stage, made_of)
        print(f"resuming what --force began; until it is finished, {stage.final} stays as it is")
    if is_finished:
        check_place(stage.final, replaces=True)
        _check_not_built_on(stage, [run for several in sources.values() for run in several])
    open_work(stage, made_of, force)
    if teachers:
        data = select_clips(data, stage.settings.selection, teachers, stage.work, jobs)
    origin = start.path if start else f"weights: {stage.config.model.weights}"
    print(f"stage {stage.name}: {stage.config.model.name} from {origin}")
    run = StageRun(stage, data, jobs)
    with shared_by(devices):
        info = _train(run, start, watch, devices)
    info[INHERITED] = inherited_clips(sources, data, stage.config.dataset)
    finish_run(stage.final, stage.config, {"stage": stage.name, "identity": made_of, **info})
    remove_scaffolding(stage.final)
    print(
        f"{targets_table(stage.final, run.kind)}{closing_table(info, run.kind)}\n{'run':>12}  {stage.final}"
    )
    describe(stage.final)
    return stage.final


def _check_built_on(
    stage: Stage, data: StageData, made_of: dict[str, Any], start: Run | None, teachers: Sequence[Run]
) -> None:
    if start:
        check_start(made_of, data.dataset.classes, start, stage.name)
    for teacher in teachers:
        check_teacher(made_of, data.dataset.classes, teacher, stage.name)


def _check_not_built_on(stage: Stage, sources: Sequence[Run]) -> None:
    """A run is not replaced by one that is made of it."""
    if any(run.path.resolve() == stage.final.resolve() for run in sources):
        raise RunError(
            f"{stage.final} would be lost, and stage {stage.name} builds on it; choose another run_dir"
        )


def _finished(stage: Stage, made_of: dict[str, Any]) -> Path:
    """The run as it is; what a kill kept from it is made up for."""
    check_same(read_run(stage.final).info["identity"], made_of, stage.final, stage.name)
    if (stage.final / IDENTITY).is_file():
        remove_scaffolding(stage.final)
    print(f"{stage.final} is finished; --force retrains it from scratch")
    if stage.config.tracking.batch_loss and not (stage.final / BATCHES).is_file():
        print(f"{stage.final} was trained without tracking.batch_loss and has no {BATCHES}")
    describe(stage.final)
    return stage.final


def _floor_db(run: StageRun) -> float | None:
    """See `training_floor_db`; features have none."""
    pieces = run.pieces
    return (
        training_floor_db(list(run.data.train["path"]), pieces) if isinstance(pieces, AudioWindows) else None
    )


def _train(run: StageRun, start: Run | None, watch: Watcher | None, devices: int) -> dict[str, Any]:
    """Fill the work folder with the model and its results; what is to be known about them."""
    stage, data = run.stage, run.data
    keras.utils.set_random_seed(stage.config.seed)
    keras.config.set_dtype_policy("mixed_float16" if stage.settings.mixed_precision else "float32")
    for note in data.notes:
        print(note)
    classes = data.dataset.classes
    model = build_tagger(stage.config, run.pieces, len(classes), start)
    if model.taken_layers:
        taken, new = some(model.taken_layers), some(model.new_layers)
        print(f"weights of {stage.config.model.weights}: {taken}; new layers: {new}")
    if not model.is_measured:
        measure_bands(model.frontend, run.batches(model.frontend))
    set_trainable(model.network, stage.settings.trainable, stage.config.model)
    print(opening(data, stage.settings, run.batches(model.frontend).steps))
    learner = learner_of(run, model)
    if splits_statistics(learner.network):
        print(SPLIT_STATISTICS)
    trainer = compiled_trainer(
        learner.network,
        stage.settings,
        run.kind,
        len(classes),
        finish=learner.batches.finished,
        notes_loss=stage.config.tracking.batch_loss,
    )
    with tracked(stage.config, stage.name, stage.work) as log:
        watchers = [watcher for watcher in (log, watch) if watcher]
        history = fit(run, learner, trainer, watchers)
    with saving(stage.work / MODEL) as partial:
        model.whole.save(partial)
    write_split(stage.work / SPLIT, data.checked, data.is_validation)
    if data.noisy:
        write_split(stage.work / NOISY_SPLIT, *data.noisy)
    validation = None
    if len(data.validation):
        validation = write_validation(stage.work, data, run.validation_logits(model.step))
    return {
        "task": run.kind.name,
        "classes": list(classes),
        "train_clips": len(data.train),
        "train_mean": data.targets.mean(axis=0, dtype=float).tolist(),  # shares of labels, or means of values
        "validation_clips": len(data.validation),
        **count_parameters(model.network),
        "epochs": len(history.rows),
        "best_epoch": history.best_epoch,
        "overfit_batches": stage.settings.overfit_batches,
        "floor_db": _floor_db(run),
        "validation": validation,
        "device": device_name(devices),
        "peak_memory_mib": peak_memory_mib(),
        "seconds": round(sum(row["seconds"] for row in history.rows), 1),
        "finished": datetime.now(UTC).isoformat(timespec="microseconds"),
    }
