"""`train.py`: one stage from clean audio to a run folder."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras

from tagging.config import Config, as_dict, differing_keys
from tagging.prediction import inference_step
from tagging.runs import MODEL, Run, RunError, finish_run, read_run, work_dir
from tagging.training.callbacks import BEST
from tagging.training.data import stage_data
from tagging.training.fit import BACKUPS, fit
from tagging.training.networks import (
    build_tagger,
    compiled_trainer,
    count_parameters,
    initial_run,
    load_weights,
)
from tagging.training.outcome import closing_table, write_split_and_curves, write_validation
from tagging.training.task import Task

IDENTITY = "stage.json"


def train_stage(config: Config, name: str, *, jobs: int, force: bool = False) -> Path:
    """Train one stage, or go on with it where it was interrupted; the folder of the finished run.

    Args:
        config: the whole experiment.
        name: of the stage.
        jobs: clips read in parallel.
        force: train anew what is finished or begun.

    Raises:
        RunError: the run was finished or begun with other settings, or `init` names no finished run.
    """
    final = Path(config.run_dir) / name
    start = initial_run(config, name)
    identity = _identity(config, name, start)
    if final.is_dir() and not force:
        _check_identity(read_run(final).info["identity"], identity, final)
        print(f"{final} is finished; --force trains it anew")
        return final
    _open_work(work_dir(final), identity, force)
    print(
        f"stage {name}: {config.model.name} from {start.path if start else f'weights: {config.model.weights}'}"
    )
    info = _train(config, name, start, jobs)
    finish_run(final, config, {"stage": name, "identity": identity, **info})
    print(f"{closing_table(info)}\n{'run':>12}  {final}")
    return final


def _train(config: Config, name: str, start: Run | None, jobs: int) -> dict[str, Any]:
    """Fill the work folder with the model and its results; what is to be known about them."""
    work = work_dir(Path(config.run_dir) / name)
    settings = config.stage(name)
    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy("mixed_float16" if settings.mixed_precision else "float32")
    data = stage_data(config, settings.sources)
    for note in data.notes:
        print(note)
    classes = data.dataset.classes
    tagger, frontend, network = build_tagger(config, len(classes))
    if start:
        load_weights(network, start, classes)
    trainer = compiled_trainer(network, config, settings, len(classes))
    task = Task(config, settings, data, work, jobs)
    history = fit(task, trainer, tagger, frontend)
    tagger.save(work / MODEL)
    write_split_and_curves(work, data, history.rows, name)
    validation = None
    if len(data.validation):
        validation = write_validation(work, data, task.validation_logits(inference_step(tagger)))
    _remove_scaffolding(work)
    return {
        "classes": list(classes),
        "rate_hz": config.cleaning.rate_hz,
        "seed": config.seed,
        "train_clips": len(data.train),
        "validation_clips": len(data.validation),
        **count_parameters(network),
        "epochs": len(history.rows),
        "best_epoch": history.best_epoch,
        "validation": validation,
        "seconds": round(sum(row["seconds"] for row in history.rows), 1),
        "finished": datetime.now(UTC).isoformat(timespec="microseconds"),
    }


def _identity(config: Config, name: str, start: Run | None) -> dict[str, Any]:
    """All settings that the stage's result depends on."""
    whole = as_dict(config)
    parts = ("seed", "clean_dir", "dataset", "cleaning", "split", "window", "frontend", "model")
    started = start.info["finished"] if start else None
    return {**{key: whole[key] for key in parts}, "stage": whole["stages"][name], "init_finished": started}


def _check_identity(old: dict, new: dict, folder: Path) -> None:
    if lines := differing_keys(old, new):
        raise RunError(
            f"{folder} was made with other settings ({'; '.join(lines)}); --force trains it anew, "
            "another run_dir keeps both"
        )


def _open_work(work: Path, identity: dict, force: bool) -> None:
    """Make the work folder; epochs that are done there are kept, and must have been done with the same settings."""
    begun = work / IDENTITY
    if any((work / BACKUPS).glob("epoch-*")) and not force:
        _check_identity(json.loads(begun.read_text(encoding="utf-8")), identity, work)
        return
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    begun.write_text(json.dumps(identity, indent=1), encoding="utf-8")


def _remove_scaffolding(work: Path) -> None:
    shutil.rmtree(work / BACKUPS, ignore_errors=True)
    for leftover in (BEST, IDENTITY):
        (work / leftover).unlink(missing_ok=True)
