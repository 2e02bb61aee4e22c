"""The reliability diagram: how often scores are right, by their size."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tagging.plots.style import MUTED, SCORES
from tagging.plots.svg import svg, svg_style


@svg_style
def reliability_diagram(curves: Mapping[str, pd.DataFrame]) -> str:
    """An SVG with a line for each table and the diagonal; the size of a dot shows how many scores are in its bin.

    Args:
        curves: `raw` or `calibrated` -> one row per bin: `mean_score`, `share_true`, `scores` (how many).
    """
    figure = Figure((4.4, 4.4), layout="constrained")
    panel = figure.subplots()
    panel.plot([0, 1], [0, 1], "--", color=MUTED, linewidth=1)
    tooltips = {}
    for name, table in curves.items():
        panel.plot(table["mean_score"], table["share_true"], color=SCORES[name], label=name)
        sizes = 4 + 10 * np.sqrt(table["scores"] / table["scores"].max())
        rows = table[["mean_score", "share_true", "scores"]].itertuples(index=False)
        for number, ((score, share, n), size) in enumerate(zip(rows, sizes, strict=True)):
            gid = f"{name}-{number}"
            panel.plot(score, share, "o", markersize=size, markeredgewidth=0, color=SCORES[name], gid=gid)
            tooltips[gid] = [f"{name}: {n:,.0f} scores"]
    ticks = (0, 0.25, 0.5, 0.75, 1)
    panel.set(xlabel="mean score", ylabel="fraction of positives", xlim=(0, 1), ylim=(0, 1), aspect="equal")
    panel.set(xticks=ticks, yticks=ticks)
    panel.xaxis.set_major_formatter("{x:g}")
    panel.yaxis.set_major_formatter("{x:g}")
    panel.grid(alpha=0.3)
    panel.legend(loc="upper left", frameon=False)
    return svg(
        figure, "reliability diagram: mean score and fraction of positives, per bin", "diagram", tooltips
    )
