"""The sections of scores: overall, class by class, what is confused with what, and how sure the scores are."""

import numpy as np
import pandas as pd

from tagging.evaluation.bootstrap import units_of
from tagging.evaluation.calibration import Calibration
from tagging.evaluation.task_kinds import KINDS, TaskKind, is_lower_better, metric_title
from tagging.plots.reliability import reliability_diagram
from tagging.report.html import Html, data_uri, element, folded, number, paragraph, section, table
from tagging.report.material import Evaluation, Material
from tagging.report.text import interval_note

_PAIRS = 20  # of the confusions shown
_CONFUSION = "confusion.png"
_NO_CHANGE = 0.005  # of a temperature from 1


def title_of(name: str) -> str:
    """A figure's or column's name as people write it."""
    of_classes = {figure.key: figure.title for kind in KINDS.values() for figure in kind.class_figures}
    return of_classes.get(name) or metric_title(name).replace("_", " ").replace("f1 ", "F1 ")


def score_section(
    material: Material, evaluation: Evaluation, overall: pd.DataFrame, folds: pd.DataFrame | None
) -> Html:
    """All clips, and each fold if there are folds; tables from `overall_table` and `fold_table`."""
    rows = [
        (title_of(str(row.figure)), float(str(row.value)), in_brackets(row.low, row.high))
        for row in overall.itertuples()
    ]
    groups = list(evaluation.clips["group"])
    drawn = interval_note(int(units_of(groups).max()) + 1, groups)
    note = f"{len(evaluation.clips):,} held-out clips; {drawn}."
    chosen = " If the best epoch was chosen on these clips, the figures are slightly optimistic. Table: "
    parts = [
        table(("", "value", "95 % interval"), rows),
        paragraph(note, chosen, material.csv("scores"), "."),
    ]
    if folds is not None:
        head = [title_of(str(name)) for name in folds]
        parts += [element("h3", "By fold"), table(head, folds.itertuples(index=False))]
        parts.append(paragraph("Table: ", material.csv("folds"), "."))
    return section("scores", "Scores", *parts)


def fold_table(kind: TaskKind, evaluation: Evaluation) -> pd.DataFrame | None:
    """One row per fold: `fold`, `clips` and the figures that are printed; None: there are no folds."""
    if evaluation.fold is None:
        return None
    rows = []
    for fold in np.unique(evaluation.fold):
        of_fold = evaluation.fold == fold
        report = kind.report(evaluation.targets[of_fold], evaluation.logits[of_fold])
        rows.append(
            {
                "fold": int(fold),
                "clips": int(of_fold.sum()),
                **{metric.key: report[metric.key] for metric in kind.shown},
            }
        )
    return pd.DataFrame(rows)


def class_section(material: Material, classes: pd.DataFrame) -> Html:
    """Class by class, the worst first; table from `class_table`."""
    kind, figure = material.kind, material.kind.interval_figure.key
    lower = is_lower_better(figure)
    ordered = classes.sort_values(figure, ascending=not lower, kind="stable", na_position="last")
    limits = [f"{figure}_low", f"{figure}_high"]
    names = [str(name) for name in ordered if name not in limits]
    place = names.index(figure) + 1
    most = max(1.0, float(np.nanmax(classes[[figure, limits[1]]].to_numpy(float), initial=0.0)))
    rows = []
    for row in ordered.to_dict("records"):
        value, low, high = (float(row[key]) for key in (figure, *limits))
        bar = interval_bar(value / most, low / most, high / most)
        cells = [row[name] for name in names]
        rows.append([*cells[:place], in_brackets(low, high), bar, *cells[place:]])
    head = [title_of(name) for name in names]
    head[place:place] = ["95 % interval", ""]
    name = "Classes" if kind.has_labels else "Targets"
    notes = paragraph(_class_notes(kind, rows), " Table: ", material.csv("classes"), ".")
    return section("classes", name, table(head, rows, class_="wide"), notes)


def _class_notes(kind: TaskKind, rows: list[list]) -> str:
    notes = ["Sorted from worst to best.", *([_FEW] if kind.has_labels else [])]
    if kind.interval_figure.at_best and any(_SURE in row for row in rows):
        notes.append(f"{_SURE} only means that {kind.interval_figure.at_best}.")
    return " ".join([*notes, *([_AT_THRESHOLDS] if kind.has_thresholds else [])])


_FEW = "With fewer than about 20 clips, an interval is too narrow."
_SURE = "[1.0000, 1.0000]"
_AT_THRESHOLDS = (
    "Precision, recall and F1 count clips that score at least the class's threshold. They are "
    "cross-fitted: the clips of each of five parts use thresholds chosen on the other four. The "
    "thresholds shown were chosen on all clips."
)


def confusion_section(material: Material, confused: pd.DataFrame) -> Html:
    """Which labels are confused with which; table from `confused_table`."""
    rule = (
        "A label is missed if a class that the clip does not have scores higher. It is confused "
        "with the highest one."
    )
    head = ("label", "confused with", "clips", "share of the label's clips")
    rows = [
        (row.label, row.confused_with, int(str(row.clips)), f"{100 * float(str(row.share)):.0f} %")
        for row in confused.head(_PAIRS).itertuples()
    ]
    parts = [table(head, rows) if rows else element("p", "None: no label is missed.")]
    if len(confused) > _PAIRS:
        rule += f" The {_PAIRS} most frequent of {len(confused)} pairs are shown."
    plot = material.path / _CONFUSION
    if not material.member.has_folds and plot.is_file():
        image = element("img", src=data_uri("image/png", plot.read_bytes()), alt="confusions of classes")
        parts.append(folded("Confusion plot", element("div", image, class_="scroll")))
    note = paragraph(rule, " Table: ", material.csv("confused"), ".")
    return section("confusions", "Confusions", note, *parts)


def calibration_section(
    material: Material, calibration: Calibration, summary: pd.DataFrame, curves: dict[str, pd.DataFrame]
) -> Html:
    """Temperature, thresholds and the reliability diagram; tables from `reliability.py`."""
    head = ("scores", "temperature", "log loss", "calibration error")
    note = (
        f"{temperature_note(calibration, summary)} Calibrated scores are those of logits / temperature. On the "
        "diagonal of the diagram, of all pairs with a score, that share is true. Larger dots stand for more scores. "
        "Measured on the clips that the temperature was chosen on. Tables: "
    )
    links = material.csv("calibration"), ", ", material.csv("reliability"), "."
    side = element("div", table(head, summary.itertuples(index=False)), paragraph(note, *links))
    parts = [element("div", Html(reliability_diagram(curves)), side, class_="columns")]
    if calibration.thresholds:
        pairs = zip(calibration.classes, calibration.thresholds, strict=True)
        parts.append(folded("Thresholds on the calibrated score", table(("class", "threshold"), pairs)))
    return section("calibration", "Calibration", *parts)


def temperature_note(calibration: Calibration, summary: pd.DataFrame) -> str:
    """What the temperature does to the scores, and where it does not help; table from `calibration_summary`."""
    temperature = calibration.temperature
    if temperature == 1:
        return (
            "Temperature 1: no other was found that lowers the log loss; scores are as the network gave them."
        )
    does = "makes scores less confident" if temperature > 1 else "makes scores more confident"
    if abs(temperature - 1) < _NO_CHANGE:
        does = "hardly changes scores"
    text = f"Temperature {number(temperature, 3)}, chosen by log loss of smoothed labels, {does}."
    for name in ("log_loss", "calibration_error"):
        before, after = summary[name]
        if after >= before:
            text += f" The {title_of(name)} does not improve: {number(before)} before, {number(after)} after."
    return text


def in_brackets(low: object, high: object) -> str:
    """`[.6800, .7210]`, or nothing where it is not known."""
    both = float(str(low)), float(str(high))
    return "" if np.isnan(both).any() else f"[{number(both[0])}, {number(both[1])}]"


def interval_bar(value: float, low: float, high: float) -> Html:
    """A dot on its interval, on a line from 0 to 1; what is not known (NaN) is left out."""
    parts = []
    if not np.isnan([low, high]).any():
        left, right = 100 * max(low, 0.0), 100 * (1 - high)
        parts.append(element("span", class_="range", style=f"left:{left:.1f}%;right:{right:.1f}%"))
    if not np.isnan(value):
        parts.append(element("span", class_="dot", style=f"left:{100 * value:.1f}%"))
    return element("div", *parts, class_="interval", aria_hidden="true")
