"""Trials of a sweep on several devices at once. Imports no backend, as `tagging.training.workers` asks."""

from collections.abc import Sequence
from dataclasses import replace

from tagging.cli import backend
from tagging.sweeps.file import SweepError
from tagging.sweeps.job import Job
from tagging.training.workers import Work, work_on


def run_on(devices: Sequence[str], job: Job) -> None:
    """Run trials until none is left, by a process on each device with its share of `job.jobs`.

    Raises:
        SweepError: some of the processes failed; the others took up the trials that these had begun.
    """
    own = replace(job, jobs=max(1, job.jobs // len(devices)))
    failed = work_on(devices, [Work(device, _run, (own,)) for device in devices])
    if failed:
        reasons = "; ".join(f"{device}: {reason}" for device, reason in failed.items())
        raise SweepError(
            f"{len(failed)} of {len(devices)} devices gave up, finished trials are kept ({reasons})"
        )


def _run(job: Job) -> None:
    backend.quiet_tensorflow(job.jobs)
    from tagging.sweeps.worker import run_trials

    run_trials(job)
