"""One sweep on one config: the folder of its trials, and the config of each."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from foundation.files import write_atomic
from foundation.locks import waiting_lock
from foundation.settings import as_dict, completed
from foundation.words import nearest
from tagging.config.load import differing_keys, load_config
from tagging.config.schema import Config
from tagging.evaluation.task_kinds import known_metrics, validation_columns
from tagging.runs.trials import IDENTITY, TRIALS
from tagging.sweeps.file import OF_TEST, Sweep, SweepError, read_sweep
from tagging.sweeps.folder import LOCK, check_place, remove_sweep
from tagging.sweeps.parameters import as_text

_ELSEWHERE = ("run_dir", "tracking", "parallel", "pipeline")  # of the config, what no result depends on


@dataclass(frozen=True)
class Job:
    """What is to be tried, and where.

    Attributes:
        sweep: the sweep file.
        config_file: the experiment of which every trial is a variation.
        given: `key=value` of the command line, in all trials.
        base: the experiment with them, before anything is chosen.
        stages: that a trial trains; the last one's metric ranks it.
        out: folder of the sweep.
        n_trials: of all processes that work on it.
        jobs: cores a trial uses.
    """

    sweep: Sweep
    config_file: Path
    given: tuple[str, ...]
    base: Config
    stages: tuple[str, ...]
    out: Path
    n_trials: int
    jobs: int

    def trial_dir(self, number: int) -> Path:
        """Where the runs of a trial are."""
        return self.out / TRIALS / str(number)

    def config(self, number: int, values: Mapping[str, Any]) -> Config:
        """The config of a trial.

        Raises:
            ConfigError: the values do not fit together.
        """
        own = [*self.sweep.overrides(values), f"run_dir={as_text(str(self.trial_dir(number)))}"]
        if self.base.tracking.group is None:
            own.append(f"tracking.group={as_text(self.out.name)}")
        return load_config(self.config_file, [*self.given, *own])


def open_job(
    config_file: Path,
    sweep_file: Path,
    given: Sequence[str] = (),
    *,
    stage: str | None = None,
    out: Path | None = None,
    trials: int | None = None,
    jobs: int = 1,
    force: bool = False,
) -> Job:
    """Check a sweep against its config, and make its folder or find it as it was left.

    Args:
        config_file: the experiment.
        sweep_file: what is tried.
        given: `key=value` that all trials share.
        stage: the one that is trained; None: all, one after the other.
        out: folder of the sweep; None: `sweep-NAME` in the config's `run_dir`.
        trials: how many; None: the file's `run_cap`, or the whole grid.
        jobs: cores a trial uses.
        force: remove the trials of whatever sweep the folder holds.

    Raises:
        SweepError: the file is wrong, or the folder holds another sweep.
        BusyError: another process is at a trial that is to be removed.
        ConfigError: a key or a value that the config does not take.
    """
    sweep, base = read_sweep(sweep_file), load_config(config_file, given)
    stages = (stage,) if stage else tuple(base.stages)
    base.stage(stages[-1])
    _check_keys(sweep, given, sweep_file, stages)
    for values in sweep.samples():
        config = load_config(config_file, [*given, *sweep.overrides(values)])
        check_metrics(sweep, config, stages[-1], config.dataset.task)
    out = out or Path(base.run_dir) / f"sweep-{sweep_file.stem}"
    n_trials = _n_trials(sweep, trials, sweep_file)
    job = Job(sweep, config_file, tuple(given), base, stages, out, n_trials, jobs)
    check_place(out)
    with waiting_lock(out / LOCK):
        if force:
            remove_sweep(out, list(base.stages))
        _check_identity(job)
    return job


def check_metrics(sweep: Sweep, config: Config, stage: str, task: str | None) -> None:
    """Refuse a metric that a trial will not have.

    Args:
        sweep: names the metrics.
        config: of a trial.
        stage: the last one that a trial trains.
        task: None: it is not known, so that metrics of any task are accepted.

    Raises:
        SweepError: with the metrics that there are.
    """
    known = ["loss", *(key for key, metric in known_metrics(task).items() if metric.streaming)]
    has_validation = config.split.validates(is_noisy=config.stage(stage).is_noisy)
    known += validation_columns(task) if has_validation else []
    _check_known("metric.name", sweep.metric, known)
    known += [f"{OF_TEST}{key}" for key in ("loss", *known_metrics(task))]
    for name in sweep.also:
        _check_known("also", name, known)


def _check_known(key: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise SweepError(f"{key}: expected one of {', '.join(known)}, received {name}.{nearest(name, known)}")


def _check_keys(sweep: Sweep, given: Sequence[str], file: Path, stages: Sequence[str]) -> None:
    keys = {*sweep.parameters, *sweep.constants}
    if "run_dir" in keys:
        raise SweepError(f"{file}: run_dir is set by the sweep; use --out DIR")
    if "deterministic" in keys:
        raise SweepError(f"{file}: deterministic applies to the whole process; set it on the command line")
    ours = {text.partition("=")[0] for text in given}
    if twice := (keys & ours) | _set_in_stages(ours, keys, stages):
        raise SweepError(f"{', '.join(sorted(twice))}: {file} decides that; leave it out of the command line")
    if idle := _set_in_stages(keys, ours, stages):
        raise SweepError(
            f"{', '.join(sorted(idle))} of {file} has no effect: the command line sets it in all stages that are "
            "trained; leave it out there"
        )


def _set_in_stages(keys: Iterable[str], others: Iterable[str], stages: Sequence[str]) -> set[str]:
    """The keys `train.KEY` that have no effect, as others say `stages.NAME.KEY` for each stage that is trained."""
    found = {key: key.removeprefix("train.") for key in keys if key.startswith("train.")}
    return {key for key, own in found.items() if {f"stages.{name}.{own}" for name in stages} <= {*others}}


def _n_trials(sweep: Sweep, trials: int | None, file: Path) -> int:
    if sweep.method == "grid":
        return min(len(sweep.grid()), trials or sweep.run_cap or len(sweep.grid()))
    if not (trials or sweep.run_cap):
        raise SweepError(
            f"{file}: expected run_cap with method {sweep.method}, or --trials N, received neither"
        )
    return trials or sweep.run_cap or 0


def _check_identity(job: Job) -> None:
    """Refuse to mix trials of two sweeps; how many trials there are may change."""
    config = _shaping(as_dict(job.base))
    sweep = {**asdict(job.sweep), "run_cap": None}
    text = json.dumps({"sweep": sweep, "stages": job.stages, "config": config}, indent=1)
    file = job.out / IDENTITY
    if not file.is_file():
        write_atomic(file, text.encode())
    stored = json.loads(file.read_text(encoding="utf-8"))
    stored["config"] = _shaping(completed(stored["config"], Config))
    stored["sweep"].setdefault("also", [])  # sweeps of older versions
    lines = differing_keys(stored, json.loads(text))
    if lines:
        raise SweepError(
            f"{job.out} holds another sweep ({'; '.join(lines)}); take another --out, or its "
            "original settings; --force starts from scratch"
        )


def _shaping(config: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in _ELSEWHERE}
