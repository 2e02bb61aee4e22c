"""What a finished stage leaves in its run: scores, tables, a plot, and a few lines on the screen."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from submissions.writer import write_scores
from tagging.datasets.csv_files import write_csv
from tagging.datasets.splits import write_split
from tagging.evaluation.calibration import at_thresholds, calibrate, write_calibration
from tagging.evaluation.task_kinds import TaskKind
from tagging.plots.confusion import write_confusion
from tagging.plots.curves import learning_curves
from tagging.runs.run import SCORES
from tagging.training.data import StageData

PER_CLASS, CURVES, SPLIT, CONFUSION = "per_class.csv", "curves.png", "split.csv", "confusion.csv"


def write_validation(folder: Path, data: StageData, logits: np.ndarray) -> dict[str, Any]:
    """Exact validation metrics; writes the clip logits, the calibration and the per-class table."""
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
        write_confusion(folder / CONFUSION, targets, logits, data.dataset.classes)
    return kind.report(targets, logits)


def write_split_and_curves(folder: Path, data: StageData, rows: list[dict], name: str) -> None:
    """The hold-out as a file that `split.file` reads back, and the learning curves."""
    write_split(folder / SPLIT, data.checked, data.is_validation)
    learning_curves({name: pd.DataFrame(rows)}, folder / CURVES)


def closing_table(info: dict[str, Any], kind: TaskKind) -> str:
    """A stage in a few aligned lines."""
    rows = {
        "clips": f"{info['train_clips']} train, {info['validation_clips']} validation",
        "parameters": f"{info['parameters']:,}, {info['trainable_parameters']:,} trained",
        "epochs": f"{info['epochs']}, best {info['best_epoch']}",
        "seconds": f"{info['seconds']:.0f}",
    }
    if metrics := info["validation"]:
        rows["validation"] = kind.line(metrics)
    return "\n".join(f"{key:>12}  {value}" for key, value in rows.items())
