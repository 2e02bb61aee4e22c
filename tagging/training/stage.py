"""`train.py`: one stage from clean audio to a run folder."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from foundation.files import write_atomic
from foundation.locks import locked
from foundation.marks import RUN, is_marked
from tagging.config.schema import Config
from tagging.inference.build import build_tagger
from tagging.inference.windows import inference_step
from tagging.report.page import write_report
from tagging.runs.contents import BACKUPS, IDENTITY, remove_backups, remove_run
from tagging.runs.place import check_place, finish_run, place_of, recover, work_dir
from tagging.runs.run import MODEL, Run, RunError, read_run
from tagging.training.data import stage_data
from tagging.training.device import device_name
from tagging.training.fit import fit
from tagging.training.history import BEST
from tagging.training.memory import peak_memory_mib
from tagging.training.outcome import closing_table, write_split_and_curves, write_validation
from tagging.training.selection import select_clips
from tagging.training.start import (
    check_same,
    check_start,
    check_teacher,
    identity,
    initial_run,
    teacher_run,
)
from tagging.training.task import Task
from tagging.training.tracking import check_tracking, tracked
from tagging.training.trainer import compiled_trainer, count_parameters, measure_bands


def train_stage(
    config: Config,
    name: str,
    *,
    jobs: int,
    force: bool = False,
    watch: Callable[[dict], None] | None = None,
) -> Path:
    """Train one stage, or go on with it where it was interrupted; the folder of the finished run.

    Args:
        config: the whole experiment.
        name: of the stage.
        jobs: clips read in parallel.
        force: retrain from scratch, discarding finished or partial runs.
        watch: is given the history's row of each epoch once it is written; an exception ends training.

    Raises:
        BusyError: another process trains it.
        RunError: the run was finished or begun with other settings, or `init` names no run that fits; or its report
            could not be written: then the run is finished all the same.
    """
    check_tracking(config.tracking)
    if config.deterministic:
        tf.config.experimental.enable_op_determinism()  # of this process, from here on
    final = place_of(config.run_dir, name)
    check_place(final, replaces=force)
    with locked(final.with_name(f".{final.name}.lock"), f"training {final}"):
        recover(final)
        return _train_alone(config, name, final, jobs, force, watch)


def _train_alone(
    config: Config, name: str, final: Path, jobs: int, force: bool, watch: Callable[[dict], None] | None
) -> Path:
    start, teacher = initial_run(config, name), teacher_run(config, name)
    data = stage_data(config, config.stage(name))
    made_of = identity(config, name, data, start, teacher)
    if start:
        check_start(made_of, data.dataset.classes, start, name)
    if teacher:
        check_teacher(made_of, data.dataset.classes, teacher, name)
    if force and any(each and each.path.resolve() == final.resolve() for each in (start, teacher)):
        raise RunError(f"{final} would be lost, and stage {name} builds on it; choose another run_dir")
    if is_marked(final, RUN) and not force:
        check_same(read_run(final).info["identity"], made_of, final, name)
        if (final / IDENTITY).is_file():  # a kill kept them there
            _remove_scaffolding(final)
        print(f"{final} is finished; --force retrains it from scratch")
        return final
    settings, work = config.stage(name), work_dir(final)
    _open_work(work, made_of, name, force)
    if teacher:
        data = select_clips(data, settings.selection, teacher, work, jobs)
    task = Task(config, settings, data, work, jobs)
    print(
        f"stage {name}: {config.model.name} from {start.path if start else f'weights: {config.model.weights}'}"
    )
    info = _train(task, name, start, watch)
    finish_run(final, config, {"stage": name, "identity": made_of, **info})
    _remove_scaffolding(final)
    print(f"{closing_table(info, task.kind)}\n{'run':>12}  {final}")
    print(f"{'report':>12}  {_report(final)}")
    return final


def _report(final: Path) -> Path:
    try:
        return write_report(final)
    except (ValueError, OSError) as error:
        raise RunError(
            f"{final} is finished, but its report could not be written ({error}); python -m tagging report {final} "
            "tries again, and train.py continues after it"
        ) from error


def _train(task: Task, name: str, start: Run | None, watch: Callable[[dict], None] | None) -> dict[str, Any]:
    """Fill the work folder with the model and its results; what is to be known about them."""
    config, settings, data, work = task.config, task.settings, task.data, task.work
    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy("mixed_float16" if settings.mixed_precision else "float32")
    for note in data.notes:
        print(note)
    classes = data.dataset.classes
    tagger, frontend, network = build_tagger(config, task.pieces, len(classes), start)
    if not start:
        measure_bands(frontend, task.batches(frontend))
    trainer = compiled_trainer(network, config, settings, task.kind, len(classes))
    step = inference_step(tagger)  # traced once for the whole stage
    with tracked(config, name, work) as log:
        watchers = [watcher for watcher in (log, watch) if watcher]
        history = fit(task, trainer, step, frontend, watchers)
    tagger.save(work / MODEL)
    write_split_and_curves(work, data, history.rows, name)
    validation = None
    if len(data.validation):
        validation = write_validation(work, data, task.validation_logits(step))
    return {
        "task": task.kind.name,
        "classes": list(classes),
        "train_clips": len(data.train),
        "validation_clips": len(data.validation),
        **count_parameters(network),
        "epochs": len(history.rows),
        "best_epoch": history.best_epoch,
        "overfit_batches": settings.overfit_batches,
        "validation": validation,
        "device": device_name(),
        "peak_memory_mib": peak_memory_mib(),
        "seconds": round(sum(row["seconds"] for row in history.rows), 1),
        "finished": datetime.now(UTC).isoformat(timespec="microseconds"),
    }


def _open_work(work: Path, made_of: dict[str, Any], name: str, force: bool) -> None:
    """Make the work folder; epochs that are done there are kept, and must have been done with the same settings."""
    begun = work / IDENTITY
    if any((work / BACKUPS).glob("epoch-*")) and not force:
        check_same(json.loads(begun.read_text(encoding="utf-8")), made_of, work, name)
        return
    remove_run(work)
    write_atomic(begun, json.dumps(made_of, indent=1).encode())


def _remove_scaffolding(final: Path) -> None:
    """Only once the run has its name: until then a failure can go on from the last epoch."""
    remove_backups(final)
    for leftover in (BEST, IDENTITY):
        (final / leftover).unlink(missing_ok=True)
