"""`python -m tagging compare`: runs side by side, as tables and plots."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from foundation.claims import check_plot, claimed
from tagging.evaluation.task_kinds import common_metric, is_lower_better, metric_title
from tagging.plots.curves import learning_curves
from tagging.plots.runs import run_bars, size_against_metric
from tagging.report.markdown import markdown, write_csv_and_markdown
from tagging.runs.place import is_passing
from tagging.runs.run import INFO, Run, RunError, read_run

PLOTS = ("bars.png", "curves.png", "parameters.png")
_MOST_CURVES = 10  # as many as there are colours


def compare(paths: Sequence[Path], out: Path, metric: str | None = None, top: int = 5) -> list[Path]:
    """Write tables and plots of runs, the best first; the paths of the files.

    Args:
        paths: run folders, or folders that have some in them, however deep.
        out: folder of `runs.csv`, `runs.md`, `top.md`, `bars.png`, `curves.png` and `parameters.png`.
        metric: of the validation clips, e.g. `accuracy`; None: one that all runs with such clips have.
        top: rows of the short table.

    Raises:
        RunError: no run is there, one cannot be read, or they do not share the metric.
    """
    runs = find_runs(paths)
    metric = _metric(runs, metric)
    names = ("runs.csv", "runs.md", "top.csv", "top.md", *PLOTS)
    with claimed("compare", {f"--out {name}": out / name for name in names}):
        return _compare(runs, out, metric, top)


def _compare(runs: dict[str, Run], out: Path, metric: str, top: int) -> list[Path]:
    table = run_table(runs, metric)
    written = write_csv_and_markdown(table, out / "runs")
    written += write_csv_and_markdown(table.head(top), out / "top")
    print(
        f"the {min(top, len(table))} best of {len(table)} runs by {metric_title(metric)} of the validation clips"
    )
    print(markdown(table.head(top)))
    if len(table) > top:
        print(f"all\n{markdown(table)}")
    plots = [out / name for name in PLOTS]
    run_bars(table, metric, plots[0])
    drawn = {name: runs[name].history() for name in table["run"].head(_MOST_CURVES)}
    learning_curves(drawn, plots[1], metric)
    size_against_metric(table, metric, plots[2])
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


def find_runs(paths: Sequence[Path]) -> dict[str, Run]:
    """The finished runs in these folders, by the shortest names that tell them apart, in the order of their paths.

    Raises:
        RunError: there is none in one of them, or one cannot be read.
    """
    runs = {path: read_run(path) for path in run_folders(paths)}
    return dict(zip(_names(list(runs)), runs.values(), strict=True))


def run_folders(paths: Sequence[Path]) -> list[Path]:
    """The folders of finished runs in these folders, however deep, each once.

    Raises:
        RunError: there is none in one of them.
    """
    folders: list[Path] = []
    for path in paths:
        found = sorted(info.parent for info in path.rglob(INFO) if not is_passing(info.parent))
        if not found:
            read_run(path)  # says what is wrong with it
        folders += found
    return list(dict.fromkeys(folders))


def run_table(runs: dict[str, Run], metric: str) -> pd.DataFrame:
    """One row per run, the best first, those without validation last; losses and metric are of the epoch that was kept.

    Columns: `run`, `network`, `parameters`, `trainable_parameters`, `device`, `seconds`, `seconds_per_epoch`, `epochs`,
    `best_epoch`, `train_loss`, `val_loss`, `train_METRIC` (NaN where training does not measure it), `val_METRIC`.
    """
    table = pd.DataFrame([_row(name, run, metric) for name, run in runs.items()])
    by = f"val_{metric}"
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


def _names(folders: list[Path]) -> list[str]:
    """Paths without what they all begin with; the last two parts of a single one."""
    if len(folders) == 1:
        return ["/".join(folders[0].parts[-2:])]
    common = 0
    while len({folder.parts[: common + 1] for folder in folders}) == 1:
        common += 1
    return ["/".join(folder.parts[common:]) for folder in folders]
