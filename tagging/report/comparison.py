"""`python -m tagging compare`: runs side by side, as tables and plots."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from foundation.claims import check_plot, claimed
from tagging.evaluation.task_kinds import common_metric, is_lower_better, metric_title
from tagging.plots.curves import learning_curves
from tagging.plots.runs import run_bars, size_against_metric
from tagging.report.markdown import markdown, write_csv_and_markdown
from tagging.runs.finding import find_runs
from tagging.runs.run import Run, RunError
from tagging.runs.scores_file import read_figures

PLOTS = ("bars.png", "curves.png", "parameters.png")
_MOST_CURVES = 10  # as many as there are colours
_CLIPS = {"val": "validation", "test": "test"}

Scored = dict[str, dict[str, float]]
"""Name of a run -> metric -> value, on test clips."""


def compare(
    paths: Sequence[Path], out: Path, metric: str | None = None, top: int = 5, test: Sequence[Path] = ()
) -> list[Path]:
    """Write tables and plots of runs, the best first; the paths of the files.

    Args:
        paths: run folders, or folders that have some in them, however deep.
        out: folder of `runs.csv`, `runs.md`, `top.csv`, `top.md`, `bars.png`, `curves.png` and `parameters.png`.
        metric: of the validation clips, e.g. `accuracy`, or of the test clips, `test_accuracy`; None: of the
            validation clips, one that all runs with such clips have.
        top: rows of the short table.
        test: `NAME.scores.json` files, which have metrics of these runs on test clips.

    Raises:
        RunError: no run is there, one cannot be read, or they do not share the metric.
    """
    runs = find_runs(paths)
    scored = _scored(runs, test)
    by = _ranking(runs, scored, metric)
    names = ("runs.csv", "runs.md", "top.csv", "top.md", *PLOTS)
    with claimed("compare", {f"--out {name}": out / name for name in names}, inputs=test):
        return _compare(runs, scored, out, by, top)


def _compare(runs: dict[str, Run], scored: Scored, out: Path, by: str, top: int) -> list[Path]:
    part, _, metric = by.partition("_")
    table = run_table(runs, metric, scored, part)
    written = write_csv_and_markdown(table, out / "runs")
    written += write_csv_and_markdown(table.head(top), out / "top")
    print(
        f"the {min(top, len(table))} best of {len(table)} runs by {metric_title(metric)} of the {_CLIPS[part]} clips"
    )
    print(markdown(table.head(top)))
    if len(table) > top:
        print(f"all\n{markdown(table)}")
    plots = [out / name for name in PLOTS]
    run_bars(table, metric, plots[0])
    drawn = {name: runs[name].history() for name in table["run"].head(_MOST_CURVES)}
    learning_curves(drawn, plots[1], metric)
    size_against_metric(table, metric, plots[2], part)
    return written + plots


def draw_curves(runs: dict[str, Run], path: Path, metric: str | None = None) -> None:
    """Learning curves of runs in one figure.

    Raises:
        RunError: the metric that was asked for is not in all of them.
    """
    histories = {name: run.history() for name, run in runs.items()}
    check_plot("--out", path)
    shared = _metric(runs, metric) if metric else None
    with claimed("curves", {"--out": path}):
        learning_curves(histories, path, shared)


def run_table(
    runs: dict[str, Run], metric: str, scored: Scored | None = None, part: str = "val"
) -> pd.DataFrame:
    """One row per run, the best first, those without the metric last; losses and metric are of the epoch that was kept.

    Columns: `run`, `network`, `parameters`, `trainable_parameters`, `device`, `seconds`, `seconds_per_epoch`, `epochs`,
    `best_epoch`, `train_loss`, `val_loss`, `train_METRIC` (NaN where training does not measure it), `val_METRIC`, and
    where test scores are given `test_METRIC`.

    Args:
        runs: by name.
        metric: the column that is shown, without `val_` or `test_`.
        scored: name of a run -> metrics on test clips; empty: no such column.
        part: `val` or `test`, whose metric sorts.
    """
    table = pd.DataFrame([_row(name, run, metric) for name, run in runs.items()])
    if scored:
        table[f"test_{metric}"] = [scored.get(name, {}).get(metric, float("nan")) for name in runs]
    by = f"{part}_{metric}"
    return table.sort_values(by, ascending=is_lower_better(metric), kind="stable").reset_index(drop=True)


def _row(name: str, run: Run, metric: str) -> dict[str, object]:
    info, kept = run.info, run.history().set_index("epoch").loc[run.info["best_epoch"]]
    figures = {**kept, **{f"val_{key}": value for key, value in _validation(run).items()}}
    columns = dict.fromkeys(["loss", metric])
    return {
        "run": name,
        "network": run.config.model.name,
        "parameters": info["parameters"],
        "trainable_parameters": info["trainable_parameters"],
        "device": info.get("device", ""),  # not written down before there was a comparison
        "seconds": info["seconds"],
        "seconds_per_epoch": round(info["seconds"] / info["epochs"], 2),
        "epochs": info["epochs"],
        "best_epoch": info["best_epoch"],
        **{f"{part}_{key}": _figure(figures, part, key) for key in columns for part in ("train", "val")},
    }


def _figure(figures: dict[str, float], part: str, key: str) -> float:
    return float(figures.get(key if part == "train" else f"val_{key}", float("nan")))


def _validation(run: Run) -> dict[str, float]:
    """Figures of the validation clips, without those that are not a single number."""
    found = run.info["validation"] or {}
    return {key: value for key, value in found.items() if isinstance(value, int | float)}


def _scored(runs: dict[str, Run], files: Sequence[Path]) -> Scored:
    """Metrics on test clips, by the name of the run; each file has to know one of the runs, and no two the same one."""
    scored: Scored = {}
    files_of: dict[str, Path] = {}
    for path in files:
        known = read_figures(path)
        found = {name: known[key] for name, run in runs.items() if (key := run.info["finished"]) in known}
        if not found:
            raise RunError(
                f"--test {path}: expected scores of one of the runs {', '.join(runs)}, received others; run predict.py "
                "--runs RUN on the test clips"
            )
        if twice := [name for name in found if name in files_of]:
            raise RunError(
                f"--test: expected one file with the scores of {twice[0]}, received {files_of[twice[0]]} and {path}; "
                "name one of them"
            )
        scored |= found
        files_of |= dict.fromkeys(found, path)
    return scored


def _ranking(runs: dict[str, Run], scored: Scored, asked: str | None) -> str:
    """The column that ranks: `val_METRIC`, or `test_METRIC`."""
    if asked is None or not asked.startswith("test_"):
        return f"val_{_metric(runs, asked)}"
    key = asked.removeprefix("test_")
    if any(key not in figures for figures in scored.values()) or not scored:
        known = "; ".join(f"{name}: {', '.join(figures)}" for name, figures in scored.items())
        raise RunError(
            f"--metric {asked}: expected test scores with {key}, received {known or 'no test scores'}; name the "
            "NAME.scores.json files of predict.py by --test"
        )
    return asked


def _metric(runs: dict[str, Run], asked: str | None) -> str:
    """The one that is asked for, or one that all runs have; runs without validation have none, and stand anywhere."""
    known = {name: _known(run) for name, run in runs.items()}
    validated = [each for each in known.values() if each]
    metric = asked.removeprefix("val_") if asked else common_metric(validated)
    if not validated or metric is None or any(metric not in each for each in validated):
        lines = [f"{name}: {', '.join(each) or 'no validation'}" for name, each in known.items()]
        raise RunError(
            f"expected {metric or 'a metric'} in all runs, received {'; '.join(lines)}; compare runs of one task, "
            "by --metric NAME"
        )
    return metric


def _known(run: Run) -> list[str]:
    """Metrics of the validation clips, in the history or after it, and the loss."""
    columns = [name.removeprefix("val_") for name in map(str, run.history()) if name.startswith("val_")]
    return list(dict.fromkeys([*columns, *(key for key in _validation(run) if key != "clips")]))
