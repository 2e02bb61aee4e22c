"""What a finished stage leaves in its run: scores, tables, plots, and a few lines on the screen."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from submissions.writer import write_scores
from tagging.datasets.csv_files import write_csv
from tagging.evaluation.calibration import at_thresholds, calibrate, write_calibration
from tagging.evaluation.multiclass import confusion_table
from tagging.evaluation.task_kinds import TaskKind
from tagging.plots.batches import batch_curve
from tagging.plots.confusion import confusion_plot
from tagging.plots.curves import learning_curves
from tagging.report.page import write_report
from tagging.runs.contents import REPORT
from tagging.runs.run import BATCHES, SCORES, read_run
from tagging.training.batch_loss import read_batches
from tagging.training.data import StageData

_FAULTS = (ValueError, OSError, MemoryError)  # of plots and reports
PER_CLASS, CURVES, CONFUSION = "per_class.csv", "curves.png", "confusion.csv"


def write_validation(folder: Path, data: StageData, logits: np.ndarray) -> dict[str, Any]:
    """Exact validation metrics; writes the clip logits, the calibration, the per-class table and the confusions."""
    targets = data.dataset.targets(data.validation)
    write_scores(folder / SCORES, list(data.validation["fname"]), list(data.dataset.classes), logits)
    kind = data.kind
    table = kind.table(targets, logits, data.dataset.classes)
    if calibration := calibrate(kind, targets, logits, data.dataset.classes):
        write_calibration(folder, calibration)
        if calibration.thresholds:
            table = table.join(at_thresholds(calibration, targets, calibration.probabilities(kind, logits)))
    write_csv(folder / PER_CLASS, table)
    if kind.is_single_label:
        table = confusion_table(targets, logits, data.dataset.classes)
        write_csv(folder / CONFUSION, table, index=True)
    return kind.report(targets, logits)


def describe(folder: Path) -> None:
    """Draw the plots and write the report that a finished run does not have yet.

    It is finished whatever becomes of them: a fault is a line on stderr, and the next command tries again.
    """
    faults = []
    try:
        draw_plots(folder)
    except _FAULTS as error:
        faults.append(f"its plots could not be drawn ({str(error) or 'not enough memory'})")
    if not (folder / REPORT).is_file():
        try:
            print(f"{'report':>12}  {write_report(folder)}")
        except _FAULTS as error:
            faults.append(f"its report could not be written ({str(error) or 'not enough memory'})")
    if faults:
        print(f"{folder} is finished, but {' and '.join(faults)}; train.py tries again", file=sys.stderr)


def draw_plots(folder: Path) -> None:
    """Learning curves, and the losses of batches and the confusions if they are there."""
    if not (folder / CURVES).is_file():
        run = read_run(folder)
        learning_curves({run.info["stage"]: run.history()}, folder / CURVES)
    batches = folder / BATCHES
    if batches.is_file() and not batches.with_suffix(".png").is_file():
        batch_curve(read_batches(batches), batches.with_suffix(".png"))
    confusion = folder / CONFUSION
    if confusion.is_file() and not confusion.with_suffix(".png").is_file():
        confusion_plot(_confusions(confusion), confusion.with_suffix(".png"))


def _confusions(path: Path) -> pd.DataFrame:
    """The table as it was written, whatever the classes are called."""
    rows = pd.read_csv(path, header=None, dtype=str, na_filter=False)
    classes = list(rows[0][1:])
    return pd.DataFrame(rows.iloc[1:, 1:].to_numpy(int), classes, classes)


def targets_table(folder: Path, kind: TaskKind) -> str:
    """The figures of each target, as `per_class.csv` has them, each line with its end; "": of labels, or none."""
    if kind.has_labels or not (folder / PER_CLASS).is_file():
        return ""
    table = pd.read_csv(
        folder / PER_CLASS, dtype={"label": str}, na_filter=True, keep_default_na=False, na_values=[""]
    )
    return table.to_string(index=False, float_format="%.4f", na_rep="-") + "\n"


def closing_table(info: dict[str, Any], kind: TaskKind) -> str:
    """A stage in a few aligned lines."""
    rows = {
        "clips": f"{info['train_clips']} train, {info['validation_clips']} validation",
        "parameters": f"{info['parameters']:,}, {info['trainable_parameters']:,} trained",
        "epochs": f"{info['epochs']}, best {info['best_epoch']}, in {info['seconds']:.0f} s",
    }
    if metrics := info["validation"]:
        rows["validation"] = kind.line(metrics)
    return "\n".join(f"{key:>12}  {value}" for key, value in rows.items())
