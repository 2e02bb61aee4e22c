"""What a sweep found: a table, sorted by the metric, and a plot."""

import shlex
from collections.abc import Sequence
from pathlib import Path

import optuna
import pandas as pd
from optuna.trial import FrozenTrial, TrialState

from tagging.plots.sweep import Axis, sweep_chart
from tagging.report.markdown import write_csv_and_markdown
from tagging.runs.place import work_dir
from tagging.runs.run import HISTORY
from tagging.runs.trials import TABLE
from tagging.sweeps.folder import CHART
from tagging.sweeps.job import Job
from tagging.sweeps.parameters import Parameter, Range, as_text

ALSO = "also"
"""What a trial keeps its further figures under."""
_ORDER = {"complete": 0, "pruned": 1, "running": 2, "fail": 3}


def write_tables(study: optuna.Study, job: Job) -> list[Path]:
    """Write `trials.csv` and `trials.md` of the trials so far; their paths."""
    return write_csv_and_markdown(trial_table(study, job), job.out / TABLE)


def write_report(study: optuna.Study, job: Job) -> list[Path]:
    """Print the table, write both tables and the plot; the paths of the files."""
    table = trial_table(study, job)
    paths = write_tables(study, job)
    print(table.to_string(index=False, float_format="{:.4g}".format, na_rep=""))
    done = table[table["state"].isin(["complete", "pruned"])].sort_values("trial")
    if len(done):
        axes = {key: _axis(parameter) for key, parameter in job.sweep.parameters.items()}
        sweep_chart(done, job.sweep.metric, axes, job.sweep.goal, job.out / CHART)
        paths.append(job.out / CHART)
    return paths


def best_lines(study: optuna.Study, job: Job) -> list[str]:
    """The best trial: its metric, its run, and the command that trains it again; [] without a finished trial."""
    first = trial_table(study, job).iloc[0]
    if first["state"] != "complete":
        return []
    number = int(first["trial"])
    return [
        f"best: trial {number}, {job.sweep.metric} {first[job.sweep.metric]:.4f}",
        f"  its run:             {job.trial_dir(number) / job.stages[-1]}",
        f"  to train it again:   {command(study, job, number)}",
    ]


def trial_table(study: optuna.Study, job: Job) -> pd.DataFrame:
    """One row per trial, the best first: `trial`, `state`, parameters, metrics, `epochs`, `seconds`, `reason`.

    `epochs` are of the last stage, `seconds` of training in all of them. The metric of a trial that was given up
    (`pruned`) is that of its last epoch; of further metrics it has none.
    """
    rows = [_row(trial, job) for trial in study.get_trials(deepcopy=False)]
    table = pd.DataFrame(rows)
    for key in job.sweep.parameters:  # among fractions pandas would make a fraction of a whole number
        table[key] = pd.Series([row[key] for row in rows], dtype=object)
    value = table[job.sweep.metric].fillna(float("inf"))
    badness = value if job.sweep.goal == "minimize" else -table[job.sweep.metric].fillna(float("-inf"))
    order = pd.DataFrame({"state": table["state"].map(_ORDER), "badness": badness, "trial": table["trial"]})
    return table.loc[order.sort_values(["state", "badness", "trial"]).index].reset_index(drop=True)


def command(study: optuna.Study, job: Job, number: int) -> str:
    """The command that trains a trial by itself, for a shell; the config's `run_dir` may hold other runs already."""
    stored = study.get_trials(deepcopy=False)[number].params
    values = {key: parameter.read(stored[key]) for key, parameter in job.sweep.parameters.items()}
    stage = ["--stage", *job.stages] if len(job.stages) < len(job.base.stages) else []
    given = [text for text in job.given if not text.startswith("run_dir=")]
    run_dir = f"run_dir={as_text(str(job.out / f'best-{number}'))}"
    settings = [*stage, *given, *job.sweep.overrides(values), run_dir]
    return shlex.join(["python", "train.py", "--config", str(job.config_file), *settings])


def _row(trial: FrozenTrial, job: Job) -> dict[str, object]:
    epochs, seconds = _spent(job.trial_dir(trial.number), job.stages)
    has_value = trial.state in (TrialState.COMPLETE, TrialState.PRUNED) and trial.value is not None
    return {
        "trial": trial.number,
        "state": trial.state.name.lower(),
        **{key: _drawn(trial, job, key) for key in job.sweep.parameters},
        job.sweep.metric: trial.value if has_value else float("nan"),
        **{name: trial.user_attrs.get(ALSO, {}).get(name, float("nan")) for name in job.sweep.also},
        "epochs": epochs,
        "seconds": seconds,
        "reason": trial.user_attrs.get("reason", ""),
    }


def _drawn(trial: FrozenTrial, job: Job, key: str) -> object:
    if key not in trial.params:  # its process was killed before it was drawn
        return None
    return _shown(job.sweep.parameters[key].read(trial.params[key]))


def _shown(value: object) -> object:
    """Numbers and words as they are; anything else as `key=value` takes it."""
    return value if isinstance(value, int | float | str) and not isinstance(value, bool) else as_text(value)


def _spent(folder: Path, stages: Sequence[str]) -> tuple[int, float]:
    """Epochs of the last stage, and seconds of all, finished or not."""
    rows = [_history(folder / stage) for stage in stages]
    return len(rows[-1]), round(sum(float(each["seconds"].sum()) for each in rows), 1)


def _history(run: Path) -> pd.DataFrame:
    for file in (run / HISTORY, work_dir(run) / HISTORY):
        if file.is_file():
            return pd.read_csv(file)
    return pd.DataFrame({"seconds": []})


def _axis(parameter: Parameter) -> Axis:
    if isinstance(parameter, Range):
        return Axis(None, parameter.log)
    return Axis(tuple(str(_shown(value)) for value in parameter.samples))
