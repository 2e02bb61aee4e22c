"""The section of learning curves, drawn in the page itself, so that they can be read on any screen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.ticker import LogLocator, MaxNLocator

from tagging.evaluation.task_kinds import metric_title
from tagging.plots.runs import common_metric
from tagging.report.html import Html, element, paragraph, section
from tagging.report.material import Material

_WIDTH, _HEIGHT = 270, 180  # pixels within the axes of a chart
_LEFT, _TOP, _RIGHT, _FOOT = 60, 26, 12, 42  # and around them
_BOX = f"0 0 {_LEFT + _WIDTH + _RIGHT} {_TOP + _HEIGHT + _FOOT}"
_MOST_DOTS = 30  # epochs; with more, a line alone is clearer
_BLUE = 210  # degrees on the wheel of colours: the first run
_RATE = "learning_rate"


class _Line(NamedTuple):
    """Figures of a run by epoch, (n,) each, all of them finite; `part` is train or validation."""

    run: str
    part: str
    colour: str
    epochs: np.ndarray
    figures: np.ndarray


@dataclass(frozen=True)
class _Axes:
    """Where things are: epochs up to `last` to the right, values from the first to the last of `ticks` upwards."""

    last: float
    ticks: np.ndarray
    is_log: bool

    def x(self, epoch: float) -> float:
        return round(_LEFT + _WIDTH * (epoch - 0.5) / self.last, 1)

    def y(self, value: float) -> float:
        low, high, here = (np.log10(each) if self.is_log else each for each in (*self.ticks[[0, -1]], value))
        return round(float(_TOP + _HEIGHT * (high - here) / (high - low)), 1)


def curve_section(material: Material) -> Html:
    """Loss, metric and learning rate of the run, or of all folds."""
    runs = material.member.runs
    kept = ", ".join(f"{run.info['best_epoch']} of {run.info['epochs']}" for run in runs)
    charts = learning_charts({run.path.parent.name: run.history() for run in runs})
    return section("curves", "Learning curves", *charts, paragraph(f"Selected epoch: {kept}."))


def learning_charts(histories: Mapping[str, pd.DataFrame]) -> Iterator[Html]:
    """A chart of each figure (of the learning rate only where it changes), and what the lines are; run -> history."""
    hues = [_BLUE + 360 * number // len(histories) for number in range(len(histories))]
    colours = {run: f"hsl({hue} 65% 48%)" for run, hue in zip(histories, hues, strict=True)}
    rates = {f"{rate:.3g}" for history in histories.values() for rate in history.get(_RATE, ())}
    metric = common_metric([map(str, history) for history in histories.values()])
    names = dict.fromkeys(["loss", metric, _RATE if len(rates) > 1 else None])
    lines = {name: list(_lines(histories, colours, name)) for name in names if name}
    charts = [_chart(name, of_name) for name, of_name in lines.items() if of_name]
    yield element("div", *charts, class_="charts")
    if len(histories) > 1:
        keys = [element("span", run, style=f"color:{colour}") for run, colour in colours.items()]
        yield element("p", *keys, class_="keys")
    rate = f" Learning rate: {rates.pop()} in all epochs." if len(rates) == 1 else ""
    yield paragraph(f"Dashed: training clips; solid: validation clips.{rate}")


def _lines(histories: Mapping[str, pd.DataFrame], colours: Mapping[str, str], name: str) -> Iterator[_Line]:
    for run, history in histories.items():
        for column, part in ((name, "train"), (f"val_{name}", "validation")):
            if column not in history:
                continue
            figures = history[column].to_numpy(float)
            shown = np.isfinite(figures) & ((figures > 0) | (name != _RATE))
            if shown.any():
                yield _Line(run, part, colours[run], history["epoch"].to_numpy(float)[shown], figures[shown])


def _chart(name: str, lines: list[_Line]) -> Html:
    """Lines over the epochs; the learning rate, which falls by factors, on a logarithmic axis."""
    title, figures = metric_title(name).replace("_", " "), np.concatenate([line.figures for line in lines])
    last = max(float(line.epochs.max()) for line in lines)
    axes = _Axes(last, value_ticks(figures.min(), figures.max(), is_log=name == _RATE), name == _RATE)
    grid = [part for value in axes.ticks for part in _value_tick(axes, float(value))]
    numbers = [
        _text(f"{epoch:g}", axes.x(epoch), _TOP + _HEIGHT + 17, "middle")
        for epoch in MaxNLocator(6, integer=True, min_n_ticks=1).tick_values(0.5, last + 0.5)
        if 1 <= epoch <= last
    ]
    named = [
        _text(title, _LEFT, 15, "start"),
        _text("epoch", _LEFT + _WIDTH / 2, _TOP + _HEIGHT + 37, "middle"),
    ]
    drawn = [_drawn(axes, line, with_dots=last <= _MOST_DOTS) for line in lines]
    label = f"{title} by epoch"
    return element(
        "svg", *grid, *numbers, *named, *drawn, viewBox=_BOX, role="img", aria_label=label, class_="chart"
    )


def value_ticks(low: float, high: float, *, is_log: bool) -> np.ndarray:
    """Round values, the first at most `low`, the last at least `high`."""
    least = 0.01 * max(abs(low), abs(high)) or 0.01
    if high - low < least:
        low, high = low - least, high + least
    steps = (1.0, 2.0, 5.0) if high < 100 * low else (1.0,)
    locator = LogLocator(subs=steps) if is_log else MaxNLocator(5, steps=[1, 2, 2.5, 5, 10])
    ticks = np.asarray(locator.tick_values(low, high))
    first, last = np.searchsorted(ticks, low, "right") - 1, np.searchsorted(ticks, high, "left")
    return ticks[max(first, 0) : last + 1]


def _value_tick(axes: _Axes, value: float) -> list[Html]:
    y = axes.y(value)
    line = element("line", x1=_LEFT, x2=_LEFT + _WIDTH, y1=y, y2=y, class_="grid")
    return [line, _text(f"{value:.4g}", _LEFT - 6, y + 4, "end")]


def _drawn(axes: _Axes, line: _Line, *, with_dots: bool) -> Html:
    places = [(axes.x(epoch), axes.y(value)) for epoch, value in zip(line.epochs, line.figures, strict=True)]
    parts = [element("polyline", points=" ".join(f"{x},{y}" for x, y in places))]
    for (x, y), epoch, value in zip(places if with_dots else [], line.epochs, line.figures, strict=with_dots):
        told = element("title", f"{line.run}, {line.part}, epoch {epoch:g}: {value:.4g}")
        parts.append(element("circle", told, cx=x, cy=y, r=2.5))
    return element("g", *parts, style=f"color:{line.colour}", class_=line.part)


def _text(text: str, x: float, y: float, anchor: str) -> Html:
    return element("text", text, x=x, y=y, text_anchor=anchor)
