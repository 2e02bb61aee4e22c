"""What `predict.py` says about clips with known answers."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from foundation.words import counted
from tagging.evaluation.bootstrap import LEAST_UNITS, Interval, interval_of, interval_of_difference
from tagging.evaluation.checks import EvaluationError
from tagging.evaluation.multiclass import average_table
from tagging.evaluation.task_kinds import TaskKind


def score_report(kind: TaskKind, table: pd.DataFrame, reports: Mapping[str, dict[str, float | int]]) -> str:
    """One line per class; with one label per clip the averages over the classes; the metrics of each usage, and what
    usages are.

    Args:
        kind: of the task.
        table: of the classes.
        reports: from `by_usage`.
    """
    parts = [table.to_string(index=False, float_format="%.4f", na_rep="-")]
    if kind.is_single_label:
        parts.append(average_table(reports["all"]).to_string(float_format="%.4f"))
    lines = [
        f"{name:>8}  {kind.line(figures)}   ({counted(int(figures['clips']), 'clip')})"
        for name, figures in reports.items()
    ]
    if len(reports) > 1:
        lines.append(
            f"{'':>8}  private clips decide Kaggle's final ranking, public ones the ranking before the end"
        )
    return "\n\n".join([*parts, "\n".join(lines)])


def by_usage(
    kind: TaskKind,
    targets: np.ndarray,
    scores: np.ndarray,
    fnames: Sequence[str],
    usage: Mapping[str, str],
) -> dict[str, dict[str, float | int]]:
    """The report of all clips and of each usage (`Public`, `Private`).

    Args:
        kind: of the task.
        targets, scores: (clips, classes).
        fnames: names of the clips, in the order of the rows.
        usage: file name -> usage; empty where it is not known.

    Returns:
        `all`, then the usages in lower case, by name -> report. A usage without any label is left out.

    Raises:
        EvaluationError: as the report; also when `usage` knows some of the clips only.
    """
    reports = {"all": kind.report(targets, scores)}
    if not usage:
        return reports
    if unknown := [fname for fname in fnames if fname not in usage]:
        raise EvaluationError(
            f"expected a usage for each clip, received none for {len(unknown)}: {unknown[:10]}"
        )
    of_clip = np.array([usage[fname].lower() for fname in fnames])
    for name in sorted(set(of_clip)):
        rows = of_clip == name
        if np.asarray(targets)[rows].any():
            reports[str(name)] = kind.report(np.asarray(targets)[rows], np.asarray(scores)[rows])
    return reports


def window_report(
    kind: TaskKind,
    targets: np.ndarray,
    scores: Mapping[str, tuple[np.ndarray, np.ndarray]],
    groups: Sequence[str],
    seed: int,
) -> str:
    """The metric of the loudest window of each clip and of all its windows, and what the others add.

    Training takes the loudest of a few windows, so it is the one window that a model is best prepared for.

    Args:
        kind: of the task.
        targets: (clips, classes).
        scores: name -> scores (clips, classes) of all windows, and of the loudest one.
        groups: recording of each clip, "" where it is not known.
        seed: of the bootstrap.

    Returns:
        One line per name, with 95 % bootstrap intervals, and what they were drawn from.

    Raises:
        EvaluationError: as `interval_of`.
    """
    rows = {}
    for name, (every, one) in scores.items():
        figures = [interval_of(kind, targets, each, groups, seed=seed) for each in (one, every)]
        gain = interval_of_difference(kind, targets, every, one, groups, seed=seed)
        rows[name] = [*(in_words(each) for each in figures), in_words(gain, sign="+")]
    columns = [f"{kind.title}, loudest window", "all windows", "gain"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return f"{table.to_string()}\n{interval_note(gain.n_units, groups)}"


def in_words(interval: Interval, sign: str = "") -> str:
    """`.7011 [.6800, .7210]`, without an interval the value alone; `sign` is "+" for a difference."""
    value, low, high = (f"{number:{sign}.4f}" for number in interval[:3])
    return value if np.isnan(interval.low) else f"{value} [{low}, {high}]"


def interval_note(n_units: int, groups: Sequence[str]) -> str:
    """What stands in brackets and how many groups (or clips) it was drawn from, or why nothing does."""
    name = unit_name(groups)
    if n_units < LEAST_UNITS:
        drawn = f"{n_units} {name[:-1] if n_units == 1 else name}"
        return f"no 95 % interval: {drawn} to draw from, and at least {LEAST_UNITS} are needed"
    return f"in brackets: 95 % bootstrap interval over {n_units} {name}"


def unit_name(groups: Sequence[str]) -> str:
    """What the bootstrap resamples."""
    return "groups" if any(groups) else "clips"
