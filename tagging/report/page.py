"""`report.html`, and its tables as CSV files."""

from pathlib import Path

import pandas as pd

from foundation.claims import claimed, remove_output
from foundation.errors import UserError
from foundation.files import write_atomic
from foundation.text import as_text
from tagging.datasets.csv_files import write_csv
from tagging.report.about import (
    command_section,
    data_section,
    data_table,
    info_of,
    machine_section,
    settings_section,
)
from tagging.report.clips import clip_section
from tagging.report.curves import curve_section
from tagging.report.html import Html, element, join, number
from tagging.report.material import Evaluation, Material, read_material
from tagging.report.reliability import calibration_summary, reliability
from tagging.report.scores import (
    calibration_section,
    class_section,
    confusion_section,
    fold_table,
    in_brackets,
    score_section,
)
from tagging.report.style import STYLE
from tagging.report.tables import class_table, clip_table, confused_table, drawn_figures, overall_table
from tagging.runs.contents import REPORT

SUFFIX = ".html"
TABLES = ("scores", "classes", "confused", "clips", "folds", "calibration", "reliability", "data")
# Only what is in the page is ever loaded, whatever a name in it contains.
_POLICY = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"
_NAMES = {
    "scores": "Scores",
    "classes": "Classes",
    "confusions": "Confusions",
    "clips": "Clips",
    "calibration": "Calibration",
    "curves": "Curves",
    "data": "Data",
    "settings": "Settings",
    "machine": "Time and memory",
    "again": "Reproduce",
}


class ReportError(UserError):
    """A page that cannot be written as asked; the message is one line for the user."""


def write_report(path: Path, out: Path | None = None) -> Path:
    """Write the report of a run, or of a folder of folds; its path.

    Args:
        path: folder of the run or of the folds.
        out: the page; None: `report.html` in the folder. Tables are CSV files in the folder `NAME_tables` next to it;
            those of an earlier page that this one has not are removed.

    Raises:
        ReportError: `out` is not called like a page.
        RunError: no finished run is there, or not all folds are finished.
        SubmissionError, CalibrationError: a damaged file.
        OSError: it cannot be written.
    """
    out = out or path / REPORT
    if out.suffix.lower() != SUFFIX or out.is_dir():
        raise ReportError(f"expected a file to write that ends in {SUFFIX}, received {out}; name another")
    material = read_material(path, _tables_folder(out).name)
    outputs = _outputs(out)
    inputs = material.dataset.files if material.dataset else []
    with claimed("report", outputs, inputs, own=path):
        _write(material, out)
    return out


def _outputs(page: Path) -> dict[str, Path]:
    """The page and its tables, by what an error calls them."""
    tables = {f"the table {name} of --out": _tables_folder(page) / f"{name}.csv" for name in TABLES}
    return {"--out": page, **tables}


def _tables_folder(page: Path) -> Path:
    return page.with_name(f"{page.stem}_tables")


def _write(material: Material, out: Path) -> None:
    parts, tables = ([], {}) if material.evaluation is None else _of_scores(material, material.evaluation)
    if material.dataset is not None:
        tables["data"] = data_table(material, material.dataset)
    parts += [curve_section(material), data_section(material, tables.get("data"))]
    parts += [make(material) for make in (settings_section, machine_section, command_section)]
    page = _page(material, parts, tables.get("scores"))
    _write_tables(_tables_folder(out), tables)
    write_atomic(out, as_text(page).encode())


def _write_tables(folder: Path, tables: dict[str, pd.DataFrame]) -> None:
    for name in TABLES:
        if name in tables:
            write_csv(folder / f"{name}.csv", tables[name])
        else:
            remove_output(folder / f"{name}.csv")


def _of_scores(material: Material, evaluation: Evaluation) -> tuple[list[Html], dict[str, pd.DataFrame]]:
    """The sections of scores, and their tables by name."""
    kind, classes, seed = material.kind, material.run.classes, material.run.config.seed
    drawn = drawn_figures(kind, evaluation, seed)
    tables = {
        "scores": overall_table(kind, evaluation, drawn, seed),
        "classes": class_table(kind, evaluation, drawn, classes),
        "clips": clip_table(kind, evaluation, classes),
    }
    folds = fold_table(kind, evaluation)
    if folds is not None:
        tables["folds"] = folds
    parts = [
        score_section(material, evaluation, tables["scores"], folds),
        class_section(material, tables["classes"]),
    ]
    if kind.has_labels:
        tables["confused"] = confused_table(evaluation, classes)
        parts.append(confusion_section(material, tables["confused"]))
    parts.append(clip_section(material, evaluation, tables["clips"]))
    if evaluation.calibration is not None:
        summary = calibration_summary(kind, evaluation, evaluation.calibration)
        temperatures = {"raw": 1.0, "calibrated": evaluation.calibration.temperature}
        curves = {name: reliability(kind, evaluation, each) for name, each in temperatures.items()}
        tables["calibration"] = summary
        tables["reliability"] = pd.concat([each.assign(kind=name) for name, each in curves.items()])
        parts.append(calibration_section(material, evaluation.calibration, summary, curves))
    return parts, tables


def _page(material: Material, parts: list[Html], overall: pd.DataFrame | None) -> Html:
    title = f"{material.run.info['stage']}: {material.path}"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("link", rel="icon", href="data:,"),
        element("title", title),
        element("style", Html(STYLE)),
    )
    notes = [element("p", note, class_="warning") for note in material.notes]
    main = element(
        "main", _header(material), _tiles(material, overall), *notes, _links(material, parts), *parts
    )
    return Html(f"<!doctype html>\n{element('html', head, element('body', main), lang='en')}\n")


def _header(material: Material) -> Html:
    run, n_folds = material.run, len(material.member.runs)
    what = f"stage {run.info['stage']}" + (f", {n_folds} folds" if material.member.has_folds else "")
    return element(
        "header",
        element("h1", f"{run.config.model.name}, {what}"),
        element("div", str(material.path), class_="path"),
    )


def _tiles(material: Material, overall: pd.DataFrame | None) -> Html:
    run, runs = material.run, material.member.runs
    tiles = []
    if overall is not None:
        first = overall.iloc[0]
        tiles.append((material.kind.title, number(first["value"]), in_brackets(first["low"], first["high"])))
    seconds = sum(each.info.get("seconds", 0.0) for each in runs)
    tiles += [
        ("training clips", info_of(run, "train_clips"), f"{info_of(run, 'validation_clips')} validation"),
        ("parameters", info_of(run, "parameters"), f"{info_of(run, 'trainable_parameters')} trained"),
        ("training time", f"{seconds:,.0f} s", info_of(run, "device")),
        ("peak memory", f"{info_of(run, 'peak_memory_mib')} MiB", "of the process"),
    ]
    return element("div", *(_tile(*each) for each in tiles), class_="tiles")


def _tile(what: str, value: str, more: str) -> Html:
    lines = ((what, "what"), (value, "value"), (more, "more"))
    return element("div", *(element("div", text, class_=name) for text, name in lines), class_="tile")


def _links(material: Material, parts: list[Html]) -> Html:
    names = _NAMES if material.kind.has_labels else {**_NAMES, "classes": "Targets"}
    shown = [name for name in names if any(part.startswith(f'<section id="{name}">') for part in parts)]
    return element("nav", join(element("a", names[name], href=f"#{name}") for name in shown))
