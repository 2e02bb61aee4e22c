"""The plot of a sweep: the best so far over the trials, and the metric against each parameter."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tagging.evaluation.task_kinds import metric_title
from tagging.plots.style import BEST, MUTED, TRAIN, write_figure

_COLUMNS = 3
_NAME_LETTERS = 60  # of all names of a panel together, until they are turned
_LONGEST = 24  # letters of a name, until its number stands for it


@dataclass(frozen=True)
class Axis:
    """How a parameter is laid out.

    Attributes:
        names: of its values, in order, side by side; None: a range of numbers.
        log: of a range, on a logarithmic scale.
    """

    names: tuple[str, ...] | None
    log: bool = False


def sweep_chart(trials: pd.DataFrame, metric: str, axes: Mapping[str, Axis], goal: str, path: Path) -> None:
    """Draw the trials of a sweep.

    Args:
        trials: one row per trial in the order of their numbers: `trial`, `state` (`complete` or `pruned`), the metric,
            and one column per parameter; NaN is left out.
        metric: its column.
        axes: parameter -> how it is laid out.
        goal: `maximize` or `minimize`.
        path: the PNG to write.
    """
    panels_n = 1 + len(axes)
    columns = min(_COLUMNS, panels_n)
    rows = -(-panels_n // columns)
    figure = Figure((4.6 * columns, 0.5 + 3.5 * rows), layout="constrained")
    panels = list(figure.subplots(rows, columns, squeeze=False, sharey=True).flat)
    trials = trials.dropna(subset=[metric])
    _draw_progress(panels[0], trials, metric, goal)
    for panel, (key, axis) in zip(panels[1:panels_n], axes.items(), strict=True):
        _draw_parameter(panel, trials, metric, key, axis, goal)
    for number, panel in enumerate(panels):
        panel.set_visible(number < panels_n)
        panel.grid(alpha=0.3)
        if number % columns == 0:
            panel.set_ylabel(_title(metric))
    named = [pair for panel in panels for pair in zip(*panel.get_legend_handles_labels(), strict=True)]
    shown = {name: handle for handle, name in named}
    figure.legend(list(shown.values()), list(shown), loc="outside upper center", ncols=len(shown), fontsize=9)
    write_figure(figure, path)


def _draw_progress(panel: Axes, trials: pd.DataFrame, metric: str, goal: str) -> None:
    """The trials in their order, and a line of the best so far."""
    whole = trials[trials["state"] == "complete"]
    _draw_points(panel, trials, trials["trial"], metric, goal)
    best = whole[metric].cummax() if goal == "maximize" else whole[metric].cummin()
    panel.step(whole["trial"], best, where="post", color=BEST, linewidth=1.3, label="best so far")
    panel.set_xlabel("trial")
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))


def _draw_parameter(panel: Axes, trials: pd.DataFrame, metric: str, key: str, axis: Axis, goal: str) -> None:
    panel.set_xlabel(key)
    if axis.names is None:
        _draw_points(panel, trials, trials[key].astype(float), metric, goal)
        panel.set_xscale("log" if axis.log else "linear")
    else:
        _draw_choices(panel, trials, metric, trials[key].astype(str), list(axis.names), goal)


def _draw_choices(
    panel: Axes, trials: pd.DataFrame, metric: str, chosen: pd.Series, names: list[str], goal: str
) -> None:
    """The trials of each value side by side, with their median."""
    place = chosen.map(names.index)
    _draw_points(panel, trials, place + _spread(place), metric, goal)
    medians = trials[trials["state"] == "complete"].groupby(place)[metric].median()
    at = medians.index.to_numpy(float)
    panel.hlines(
        medians.to_numpy(), at - 0.3, at + 0.3, color="0.2", linewidth=1.3, label="median of a value"
    )
    if max(map(len, names)) > _LONGEST:
        panel.set_xlabel(f"{chosen.name} (by place in the sweep file)")
        names = [str(number) for number in range(1, len(names) + 1)]
    panel.set_xticks(range(len(names)), labels=names, fontsize=8, parse_math=False)
    if sum(map(len, names)) > _NAME_LETTERS:
        panel.tick_params(axis="x", labelrotation=30)
    panel.set_xlim(-0.6, len(names) - 0.4)


def _draw_points(panel: Axes, trials: pd.DataFrame, x: pd.Series, metric: str, goal: str) -> None:
    """Whole trials, trials that were given up, and the best one."""
    is_whole = (trials["state"] == "complete").to_numpy()
    at, values = x.to_numpy(float), trials[metric].to_numpy(float)
    panel.scatter(at[is_whole], values[is_whole], s=28, color=TRAIN, alpha=0.75, label="trial")
    if not is_whole.all():
        left = ~is_whole
        panel.scatter(
            at[left], values[left], s=28, facecolors="none", edgecolors=MUTED, label="stopped early"
        )
    if is_whole.any():
        badness = np.where(is_whole, -values if goal == "maximize" else values, np.inf)
        best = int(badness.argmin())
        panel.scatter(at[best], values[best], s=130, marker="*", color=BEST, zorder=3, label="best")


def _spread(place: pd.Series) -> pd.Series:
    """Small shifts to the sides that keep the points of a value apart, the same in every drawing."""
    number, size = place.groupby(place).cumcount(), place.groupby(place).transform("size")
    return 0.3 * np.minimum(1, (size - 1) / 8) * ((number + 0.5) / size - 0.5) * 2


def _title(metric: str) -> str:
    base = metric.removeprefix("val_")
    return metric_title(base) + (", validation" if base != metric else ", train")
