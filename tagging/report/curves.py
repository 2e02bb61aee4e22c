"""The section of learning curves."""

from collections.abc import Iterator, Mapping

import pandas as pd

from tagging.plots.curves import curve_columns, learning_curve, learning_rates
from tagging.plots.style import run_colours
from tagging.report.html import Html, element, paragraph, section
from tagging.report.material import Material


def curve_section(material: Material) -> Html:
    """Loss, metric and learning rate of the run, or of all folds."""
    runs = material.member.runs
    kept = ", ".join(f"{run.info['best_epoch']} of {run.info['epochs']}" for run in runs)
    charts = learning_charts({run.path.parent.name: run.history() for run in runs})
    return section("curves", "Learning curves", *charts, paragraph(f"Selected epoch: {kept}."))


def learning_charts(histories: Mapping[str, pd.DataFrame]) -> Iterator[Html]:
    """A chart of each figure (of the learning rate only where it changes), and what the lines are; run -> history."""
    rates = learning_rates(histories)
    charts = [chart for name in curve_columns(histories) if (chart := learning_curve(histories, name))]
    yield element("div", *map(Html, charts), class_="charts")
    if len(histories) > 1:
        colours = zip(histories, run_colours(len(histories)), strict=True)
        keys = [element("span", run, style=f"color:{colour}") for run, colour in colours]
        yield element("p", *keys, class_="keys")
    rate = f" Learning rate: {rates.pop()} in all epochs." if len(rates) == 1 else ""
    yield paragraph(f"Dashed: training clips; solid: validation clips.{rate}")
