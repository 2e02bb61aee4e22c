"""The trials in Optuna's journal: several processes draw from it and write to it, and none of them draws twice."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock
from optuna.trial import FrozenTrial, TrialState

from foundation.locks import BusyError, locked, waiting_lock
from tagging.runs.trials import TRIALS
from tagging.sweeps.file import EarlyTerminate, SweepError
from tagging.sweeps.folder import JOURNAL, LOCK
from tagging.sweeps.job import Job

_NAME = "sweep"


class InOrder(BaseSampler):
    """Every point of a grid once, trial N the Nth.

    Optuna's own draws them in a random order, and several processes may draw the same.

    Args:
        points: parameter -> value, as the study takes it.
    """

    def __init__(self, points: list[dict[str, Any]]) -> None:
        self.points = points

    def infer_relative_search_space(self, study: Any, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(self, study: Any, trial: FrozenTrial, search_space: dict) -> dict[str, Any]:
        return {}

    def sample_independent(
        self, study: Any, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self.points[trial.number][param_name]


def open_study(job: Job) -> optuna.Study:
    """The study in the sweep's folder, a new one if there is none."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    example = job.config(0, next(job.sweep.samples()))
    with waiting_lock(job.out / LOCK, "at this sweep"):
        return optuna.create_study(
            storage=_storage(job.out / JOURNAL),
            study_name=_NAME,
            direction=job.sweep.goal,
            pruner=_pruner(job.sweep.early_terminate, example.stage(job.stages[-1]).epochs),
            load_if_exists=True,
        )


def _storage(journal: Path) -> JournalStorage:
    """The journal, without a last line that a kill or a full disk left torn: Optuna would read no further.

    Raises:
        SweepError: it is damaged elsewhere.
    """
    lock = JournalFileSymlinkLock(str(journal))
    if journal.is_file():
        lock.acquire()
        try:
            _cut_torn_line(journal)
        finally:
            lock.release()
    try:
        return JournalStorage(JournalFileBackend(str(journal), lock))
    except (ValueError, KeyError, TypeError) as error:
        raise SweepError(
            f"{journal}: expected Optuna's journal, received a damaged file ({error}); --force starts the sweep again"
        ) from error


def _cut_torn_line(journal: Path) -> None:
    with journal.open("r+b") as file:
        text = file.read()
        whole = text.rfind(b"\n") + 1
        if whole < len(text):
            file.truncate(whole)
            print(f"{journal}: left out a last line that an interruption had torn")


@contextmanager
def next_trial(study: optuna.Study, job: Job) -> Iterator[tuple[optuna.Trial, dict[str, Any]] | None]:
    """The next trial for this process, with its values, kept from others in the block; None: none is left.

    New ones first. Then those whose process has gone, which go on where it stopped: last, because a trial that takes
    its process down with it would otherwise be all that a sweep ever does again.
    """
    with ExitStack() as held:
        with waiting_lock(job.out / LOCK, "at this sweep"):
            trial = _new(study, job, held) or _abandoned(study, job, held)
            values = (
                {key: each.suggest(trial, key) for key, each in job.sweep.parameters.items()} if trial else {}
            )
        yield (trial, values) if trial else None


def _new(study: optuna.Study, job: Job, held: ExitStack) -> optuna.Trial | None:
    number = len(study.get_trials(deepcopy=False))
    if number >= job.n_trials:
        return None
    _hold(job, number, held)
    study.sampler = _sampler(job, number)
    return study.ask()


def _abandoned(study: optuna.Study, job: Job, held: ExitStack) -> optuna.Trial | None:
    for frozen in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        try:
            _hold(job, frozen.number, held)
        except BusyError:  # its process is alive
            continue
        study.sampler = _sampler(job, frozen.number)
        return optuna.Trial(study, frozen._trial_id)  # of a trial that was begun, Optuna has no other way
    return None


def _hold(job: Job, number: int, held: ExitStack) -> None:
    held.enter_context(locked(job.out / TRIALS / f".{number}.lock", f"training trial {number}"))


def _sampler(job: Job, number: int) -> BaseSampler:
    """One a trial: what it draws depends on the seed, its number and the trials before it, not on the process."""
    seed = int(np.random.SeedSequence([job.base.seed, number]).generate_state(1)[0])
    if job.sweep.method == "grid":
        return InOrder(job.sweep.grid())
    if job.sweep.method == "random":
        return RandomSampler(seed=seed)
    return TPESampler(seed=seed, constant_liar=True)


def _pruner(ending: EarlyTerminate | None, epochs: int) -> optuna.pruners.BasePruner:
    if ending is None:
        return optuna.pruners.NopPruner()
    if ending.type == "median":
        return optuna.pruners.MedianPruner(ending.min_trials, n_warmup_steps=ending.min_iter or 1)
    most = ending.max_iter or epochs
    if ending.min_iter and ending.min_iter > most:
        raise SweepError(
            f"expected early_terminate.min_iter of at most {most} epochs, received {ending.min_iter}"
        )
    return optuna.pruners.HyperbandPruner(
        min_resource=ending.min_iter or max(1, most // ending.eta**ending.s),
        max_resource=most,
        reduction_factor=ending.eta,
    )
