"""The section of the clips with the best and the worst scores, with audio players and images."""

from pathlib import Path

import numpy as np
import pandas as pd

from preprocessing.folder import CleanFolderError
from tagging.config.schema import Config
from tagging.datasets.cleaned import with_clean_audio
from tagging.evaluation.task_kinds import TaskKind
from tagging.report.html import Html, element, join, number, paragraph, section
from tagging.report.material import Evaluation, Material
from tagging.report.sound import Shown, shown_clip

EACH = 6  # clips at either end
_TOP = 3  # classes of a clip
_TITLES = {
    False: ("Worst", "Best"),
    True: ("Wrong, or right with least certainty", "Right with most certainty"),
}
_COLOURS = (
    ", ties broken by log loss. Below, the most likely classes and their calibrated scores: green if "
    "predicted and right, red if predicted and wrong, grey if not predicted."
)


def clip_section(material: Material, evaluation: Evaluation, table: pd.DataFrame) -> Html:
    """The best and the worst clips.

    Args:
        material: of the report.
        evaluation: its validation clips.
        table: from `clip_table`.
    """
    best, worst = ends(list(table.index))
    shown, notes = _shown(evaluation.clips.loc[[*best, *worst]], material.run.config)
    parts: list[Html] = []
    for title, rows in zip(_TITLES[material.kind.is_single_label], (worst, best), strict=True):
        lines = [_figures(material.kind, figures) for figures in table.loc[rows].to_dict("records")]
        cards = [
            _card(material, evaluation, row, line, shown.get(row))
            for row, line in zip(rows, lines, strict=True)
        ]
        parts += [element("h3", title), element("div", *cards, class_="cards")] if cards else []
    rule = f"By the {material.kind.title} of each clip"
    rule += _COLOURS if evaluation.calibration else "."
    rules = paragraph(rule, " All clips: ", material.csv("clips"), ".")
    return section("clips", "Best and worst clips", rules, *notes, *parts)


def ends(rows: list[int], each: int = EACH) -> tuple[list[int], list[int]]:
    """The first and the last of these, the last one first; no row is in both."""
    n = min(each, (len(rows) + 1) // 2)
    m = min(each, len(rows) - n)
    return rows[:n], rows[::-1][:m]


def _shown(clips: pd.DataFrame, config: Config) -> tuple[dict[int, Shown], list[Html]]:
    """Audio and image of each clip, by its row; and why there are none."""
    try:
        found, _ = with_clean_audio(
            clips.assign(row_number=clips.index), Path(config.clean_dir), config.cleaning
        )
        paths = zip(found["row_number"], found["path"], strict=True)
        return {int(row): shown_clip(path) for row, path in paths}, []
    except (CleanFolderError, OSError) as error:
        return {}, [paragraph(f"The clean audio is not available: {error}.")]


def _card(material: Material, evaluation: Evaluation, row: int, line: str, shown: Shown | None) -> Html:
    parts = [element("div", element("b", evaluation.fnames[row]), class_="name")]
    if shown:
        ticks = element("div", *(element("span", tick) for tick in shown.ticks), class_="axis")
        caption = element("figcaption", ticks, shown.caption)
        parts.append(element("figure", element("img", src=shown.image, alt="spectrogram"), caption))
    if shown and shown.sound:
        parts.append(element("audio", controls="", preload="metadata", src=shown.sound))
    parts.append(element("div", line, class_="metric"))
    parts.append(
        _numbers(material, evaluation, row)
        if evaluation.calibration is None
        else _tags(material, evaluation, row)
    )
    return element("div", *parts, class_="card")


def _figures(kind: TaskKind, figures: dict) -> str:
    """The figures of a clip in a line."""
    value = float(figures[kind.metric.key])
    shown = f"{kind.title} {number(value)}"
    if kind.is_single_label:
        shown = "right" if value else "wrong"
    return f"{shown}, log loss {number(figures['log_loss'])}" if "log_loss" in figures else shown


def _tags(material: Material, evaluation: Evaluation, row: int) -> Html:
    """Its labels, and the most likely classes with their calibrated scores; predicted ones are right or wrong."""
    assert evaluation.calibration is not None  # noqa: S101  for the type checker
    scores = evaluation.calibration.probabilities(material.kind, evaluation.logits[row : row + 1])[0]
    labels = tuple(evaluation.clips["labels"])[row]
    lines = [element("div", "true: ", join(_pill(label, "true") for label in labels))]
    for rank, k in enumerate(np.argsort(-evaluation.logits[row], kind="stable")[:_TOP]):
        name, thresholds = material.run.classes[k], evaluation.calibration.thresholds
        is_predicted = scores[k] >= thresholds[k] if thresholds else rank == 0
        kind = ("right" if name in labels else "wrong") if is_predicted else "unpredicted"
        bar = element("span", class_="bar", style=f"width:{60 * scores[k]:.1f}px")
        lines.append(element("div", bar, f" {scores[k]:.2f} ", _pill(name, kind), class_="score"))
    return join(lines)


def _numbers(material: Material, evaluation: Evaluation, row: int) -> Html:
    both = zip(material.run.classes, evaluation.targets[row], evaluation.logits[row], strict=True)
    return join(element("div", f"{name}: {predicted:.3f}, true {true:.3f}") for name, true, predicted in both)


def _pill(text: str, kind: str) -> Html:
    return element("span", text, class_=f"pill {kind}")
