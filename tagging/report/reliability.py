"""Reliability: scores in bins and the fraction of positives in each, before and after calibration."""

import numpy as np
import pandas as pd

from tagging.evaluation.calibration import Calibration, log_loss
from tagging.evaluation.task_kinds import TaskKind
from tagging.report.material import Evaluation

BINS = 10


def reliability(kind: TaskKind, evaluation: Evaluation, temperature: float) -> pd.DataFrame:
    """One row per bin that has scores: `from`, `to`, `scores` (how many), `mean_score`, `share_true`.

    Scores are those of all pairs of clip and class, or for a single label those of the most likely class.

    Args:
        kind: of the task, with probabilities.
        evaluation: validation clips.
        temperature: that logits are divided by; 1: as the network gave them.
    """
    scores = kind.activation.scores(evaluation.logits / temperature)
    is_true = evaluation.targets > 0
    if kind.is_single_label:
        rows, predicted = np.arange(len(scores)), evaluation.logits.argmax(axis=1)
        scores, is_true = scores[rows, predicted], is_true[rows, predicted]
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


def calibration_summary(kind: TaskKind, evaluation: Evaluation, calibration: Calibration) -> pd.DataFrame:
    """Two rows, `scores` raw and calibrated: `temperature`, `log_loss`, `calibration_error`."""
    rows = []
    for name, temperature in (("raw", 1.0), ("calibrated", calibration.temperature)):
        loss = float(log_loss(kind, evaluation.targets, evaluation.logits / temperature).mean())
        error = calibration_error(reliability(kind, evaluation, temperature))
        rows.append(
            {"scores": name, "temperature": temperature, "log_loss": loss, "calibration_error": error}
        )
    return pd.DataFrame(rows)
