"""Trials of a sweep, one after the other, until none is left: train, evaluate, record."""

import traceback
from collections.abc import Callable, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

import keras
import optuna
from optuna.trial import TrialState

from foundation.claims import claimed
from foundation.locks import BusyError
from preprocessing.folder import CleanFolderError
from tagging.config.checks import check_task
from tagging.config.schema import Config
from tagging.datasets.holdout import read_with_test_clips
from tagging.datasets.table import TEST, DatasetError
from tagging.inference.figures import figures_of_test_clips
from tagging.runs.contents import remove_backups
from tagging.runs.place import work_dir
from tagging.runs.run import read_run
from tagging.sweeps.file import OF_TEST, SweepError
from tagging.sweeps.folder import result_files
from tagging.sweeps.job import Job, check_metrics
from tagging.sweeps.report import ALSO, best_lines, write_report, write_tables
from tagging.sweeps.study import next_trial, open_study
from tagging.sweeps.trials import ERROR
from tagging.training.tracking import TrackingError
from tagging.training.train import train_stage

# Not the trial's fault: the next would end in the same way. Started trials resume once it is fixed.
_OF_THE_PLACE = (DatasetError, CleanFolderError, BusyError, TrackingError, SweepError, OSError)


class GivenUpError(Exception):
    """A trial that is not worth continuing."""


def run_trials(job: Job) -> None:
    """Run trials until none is left; tables after each."""
    study = open_study(job)
    while _work(study, job):
        write_tables(study, job)


def run_sweep(job: Job, run: Callable[[Job], None] = run_trials) -> int:
    """Run trials until there are as many as asked for and none is left half done; then tables, plot, best trial.

    A trial whose config cannot train has failed, with its reason, and the next one follows.

    Args:
        job: what is tried.
        run: runs all trials, e.g. on several devices.

    Returns:
        0; 1 if all trials have failed.

    Raises:
        SweepError, ConfigError, LossError: the metric, or a setting, is of another kind of task.
        DatasetError, CleanFolderError, OSError: as training; no trial is spent on them.
    """
    _check_task(job)
    with claimed("sweep", result_files(job.out), own=job.out):
        run(job)
        study = open_study(job)
        for line in (*write_report(study, job), *best_lines(study, job)):
            print(line)
    return int(all(trial.state == TrialState.FAIL for trial in study.get_trials(deepcopy=False)))


def _check_task(job: Job) -> None:
    """Now that the data set is read."""
    configs = [job.config(0, values) for values in job.sweep.samples()]
    first = configs[0]
    dataset = read_with_test_clips(first.dataset, first.split, first.seed)
    for config in configs:
        check_task(config, dataset.task)
        check_metrics(job.sweep, config, job.stages[-1], dataset.task)
    test_clips = dataset.clips[dataset.clips["split"] == TEST]
    if job.sweep.needs_test_clips and not dataset.answered(test_clips).any():
        raise SweepError(
            f"also: expected test clips with answers in {first.dataset.root}, found none; leave out "
            f"{', '.join(name for name in job.sweep.also if name.startswith(OF_TEST))}"
        )


def _work(study: optuna.Study, job: Job) -> bool:
    """Run a trial; whether there was one left."""
    with next_trial(study, job) as taken:
        if taken:
            _run(study, job, *taken)
    return taken is not None


def _run(study: optuna.Study, job: Job, trial: optuna.Trial, values: Mapping[str, Any]) -> None:
    print(f"trial {trial.number} of {job.n_trials}: {' '.join(job.sweep.overrides(values))}")
    keras.utils.clear_session()  # what the trial before left in memory
    try:
        value = _value(job, trial, values)
    except GivenUpError as reason:
        _end(study, trial, TrialState.PRUNED, str(reason))
    except _OF_THE_PLACE:
        raise
    except Exception as error:  # noqa: BLE001  a night of trials does not end with one of them
        job.trial_dir(trial.number).mkdir(parents=True, exist_ok=True)
        (job.trial_dir(trial.number) / ERROR).write_text(traceback.format_exc(), encoding="utf-8")
        _end(study, trial, TrialState.FAIL, f"{type(error).__name__}: {' '.join(str(error).split())}")
    else:
        study.tell(trial, value)
        print(f"trial {trial.number}: {job.sweep.metric} {value:.4f}")


def _end(study: optuna.Study, trial: optuna.Trial, state: TrialState, reason: str) -> None:
    trial.set_user_attr("reason", reason[:500])
    study.tell(trial, state=state)
    print(
        f"trial {trial.number} {'stopped early' if state == TrialState.PRUNED else 'failed'}: {reason[:500]}"
    )


def _value(job: Job, trial: optuna.Trial, values: Mapping[str, Any]) -> float:
    """Train the stages; the metric of the last one's epoch that is kept."""
    config = job.config(trial.number, values)
    *earlier, last = job.stages
    for stage in earlier:
        train_stage(config, stage, jobs=job.jobs)
    path = train_stage(config, last, jobs=job.jobs, watch=_watch(trial, job.sweep.metric, config, last))
    run = read_run(path)
    figures = dict(run.history().set_index("epoch").loc[run.info["best_epoch"]])
    if job.sweep.needs_test_clips:
        figures |= figures_of_test_clips(run, config, job.jobs)
    value = float(figures[job.sweep.metric])
    if not isfinite(value):
        raise ValueError(f"expected a finite {job.sweep.metric}, received {value}")
    trial.set_user_attr(ALSO, {name: float(figures[name]) for name in job.sweep.also})
    return value


def _watch(trial: optuna.Trial, metric: str, config: Config, stage: str) -> Callable[[dict], None]:
    """What reports each epoch to the study, and gives the trial up when the study says so."""
    frozen = trial.study.get_trials(deepcopy=False)[trial.number]
    reported = set(frozen.intermediate_values)  # by a process that has gone; an epoch may come again
    epochs = config.stage(stage).epochs

    def watch(row: dict) -> None:
        epoch, value = int(row["epoch"]), float(row[metric])
        if epoch not in reported and isfinite(value):
            trial.report(value, epoch)
        if epoch < epochs and trial.should_prune():
            _drop_backups(config, stage)
            raise GivenUpError(f"{metric} {value:.4f} after epoch {epoch}")

    return watch


def _drop_backups(config: Config, stage: str) -> None:
    """Weights and optimiser states that nobody will go on from, often hundreds of megabytes."""
    remove_backups(work_dir(Path(config.run_dir) / stage))
