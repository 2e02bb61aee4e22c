"""Reliability: scores in bins and the fraction of positives in each, before and after calibration."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tagging.evaluation.calibration import Calibration, log_loss
from tagging.evaluation.task_kinds import TaskKind
from tagging.report.html import Html, element, join
from tagging.report.material import Judged

BINS = 10
_SIDE, _LEFT, _TOP, _FOOT = 260, 44, 10, 44  # pixels of the diagram


def reliability(kind: TaskKind, judged: Judged, temperature: float) -> pd.DataFrame:
    """A row a bin that has scores: `from`, `to`, `scores` (how many), `mean_score`, `share_true`.

    Scores are those of all pairs of clip and class, or with one label a clip those of the likeliest class.

    Args:
        kind: of the task, with probabilities.
        judged: validation clips.
        temperature: that logits are divided by; 1: as the network gave them.
    """
    scores = kind.activation.scores(judged.logits / temperature)
    is_true = judged.targets > 0
    if kind.activation.is_distribution:
        rows, said = np.arange(len(scores)), judged.logits.argmax(axis=1)
        scores, is_true = scores[rows, said], is_true[rows, said]
    part = np.minimum((scores.ravel() * BINS).astype(int), BINS - 1)
    table = pd.DataFrame({"bin": part, "mean_score": scores.ravel(), "share_true": is_true.ravel()})
    means = table.groupby("bin").mean()
    means.insert(0, "scores", table.groupby("bin").size())
    means.insert(0, "to", (means.index + 1) / BINS)
    means.insert(0, "from", means.index / BINS)
    return means.reset_index(drop=True)


def calibration_error(table: pd.DataFrame) -> float:
    """Expected calibration error: the mean over scores of how far their bin is off."""
    return float(np.average((table["mean_score"] - table["share_true"]).abs(), weights=table["scores"]))


def calibration_summary(kind: TaskKind, judged: Judged, calibration: Calibration) -> pd.DataFrame:
    """Two rows, `scores` raw and calibrated: `temperature`, `log_loss`, `calibration_error`."""
    rows = []
    for name, temperature in (("raw", 1.0), ("calibrated", calibration.temperature)):
        loss = float(log_loss(kind, judged.targets, judged.logits / temperature).mean())
        error = calibration_error(reliability(kind, judged, temperature))
        rows.append(
            {"scores": name, "temperature": temperature, "log_loss": loss, "calibration_error": error}
        )
    return pd.DataFrame(rows)


def reliability_diagram(curves: Mapping[str, pd.DataFrame]) -> Html:
    """An SVG of `reliability` tables by name, and the diagonal; a dot's size tells how many scores it has."""
    ticks = [tick for value in (0.0, 0.25, 0.5, 0.75, 1.0) for tick in _tick(value)]
    drawn = [_curve(name, table) for name, table in curves.items()]
    diagonal = element("polyline", points=f"{_x(0)},{_y(0)} {_x(1)},{_y(1)}", class_="diagonal")
    names = [
        _text("mean score", _LEFT + _SIDE / 2, _TOP + _SIDE + 38, "middle"),
        _text(
            "fraction of positives",
            0,
            0,
            "middle",
            transform=f"translate(12 {_TOP + _SIDE / 2}) rotate(-90)",
        ),
    ]
    box = f"0 0 {_LEFT + _SIDE + 12} {_TOP + _SIDE + _FOOT}"
    label = "reliability diagram: mean score and fraction of positives, per bin"
    return element(
        "svg", *ticks, diagonal, *drawn, *names, viewBox=box, role="img", aria_label=label, class_="diagram"
    )


def _curve(name: str, table: pd.DataFrame) -> Html:
    points = list(zip(table["mean_score"].map(_x), table["share_true"].map(_y), strict=True))
    line = element("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points))
    sizes = 2 + 5 * np.sqrt(table["scores"] / table["scores"].max())
    dots = [
        element(
            "circle", element("title", f"{name}: {n:,} scores"), cx=f"{x:.1f}", cy=f"{y:.1f}", r=f"{size:.1f}"
        )
        for (x, y), size, n in zip(points, sizes, table["scores"], strict=True)
    ]
    return element("g", line, *dots, class_=f"curve {name}")


def _tick(value: float) -> list[Html]:
    return [
        element("line", x1=_x(0), x2=_x(1), y1=_y(value), y2=_y(value), class_="grid"),
        element("line", x1=_x(value), x2=_x(value), y1=_y(0), y2=_y(1), class_="grid"),
        join([_text(f"{value:g}", _LEFT - 6, _y(value) + 4, "end")]),
        join([_text(f"{value:g}", _x(value), _TOP + _SIDE + 18, "middle")]),
    ]


def _text(text: str, x: float, y: float, anchor: str, **attributes: str) -> Html:
    return element("text", text, x=x, y=y, text_anchor=anchor, **attributes)


def _x(value: float) -> float:
    return _LEFT + _SIDE * value


def _y(value: float) -> float:
    return _TOP + _SIDE * (1 - value)
