"""What makes a run's scores trustworthy: a temperature, and for multilabel runs a threshold per class.

Both are chosen on validation clips and kept in the run as `calibration.json`.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from foundation.errors import UserError
from foundation.files import write_atomic
from tagging.datasets.stratified import deal_clips
from tagging.evaluation.checks import check_matrices
from tagging.evaluation.task_kinds import TaskKind
from tagging.evaluation.thresholds import fit_thresholds

CALIBRATION = "calibration.json"
TEMPERATURES = (0.05, 20.0)
_PARTS = 5  # of the clips, to judge thresholds in


class CalibrationError(UserError):
    """A calibration that cannot be read; the message is one line for the user."""


@dataclass(frozen=True)
class Calibration:
    """How logits become probabilities, and probabilities labels.

    Attributes:
        classes: names, in the order of the thresholds and of the columns of logits.
        temperature: logits are divided by it; above 1 that makes them less sure, below 1 surer.
        thresholds: for each class the probability from which a clip is predicted to have it; None: single-label.
    """

    classes: tuple[str, ...]
    temperature: float
    thresholds: tuple[float, ...] | None

    def logits(self, logits: np.ndarray) -> np.ndarray:
        """Logits at the temperature, as float64."""
        return np.asarray(logits, np.float64) / self.temperature

    def probabilities(self, kind: TaskKind, logits: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, (clips, classes) float64, in the order that the logits have."""
        return kind.activation.scores(self.logits(logits))


def calibrate(
    kind: TaskKind, targets: np.ndarray, logits: np.ndarray, classes: tuple[str, ...]
) -> Calibration | None:
    """The calibration of validation scores; None for regression, whose scores are not probabilities.

    A temperature that does not lower the mean log loss of these clips is not applied: it is then 1.

    Args:
        kind: of the task.
        targets: (clips, classes), 0 or 1.
        logits: (clips, classes), finite.
        classes: names of the columns.

    Raises:
        EvaluationError: shapes that differ, or NaN.
    """
    targets, logits = check_matrices(targets, np.asarray(logits, np.float64))
    if not kind.has_labels:
        return None
    found = Calibration(tuple(classes), _helpful_temperature(kind, targets, logits), None)
    if not kind.has_thresholds:
        return found
    thresholds = fit_thresholds(targets, found.probabilities(kind, logits))
    return replace(found, thresholds=tuple(thresholds.tolist()))


def log_loss(kind: TaskKind, targets: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Minus the logarithm of the probability of each clip's labels, (clips,).

    For multilabel the mean over classes of the binary cross-entropy, else the cross-entropy.
    """
    activation = kind.activation
    assert activation.log_scores is not None  # noqa: S101  for the type checker
    if activation.is_distribution:
        return -(targets * activation.log_scores(logits)).sum(axis=1)
    yes, no = (activation.log_scores(sign * logits) for sign in (1.0, -1.0))
    return -(targets * yes + (1.0 - targets) * no).mean(axis=1)


def fit_temperature(kind: TaskKind, targets: np.ndarray, logits: np.ndarray) -> float:
    """The temperature, within TEMPERATURES, under which the mean log loss of `smoothed_targets` is least.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017. The loss is convex in 1 / T, so that its
    minimum is the only one.
    """
    smooth = smoothed_targets(kind, targets)
    found = minimize_scalar(
        lambda log_t: log_loss(kind, smooth, logits / np.exp(log_t)).mean(),
        bounds=tuple(np.log(TEMPERATURES)),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(np.exp(found.x))


def _helpful_temperature(kind: TaskKind, targets: np.ndarray, logits: np.ndarray) -> float:
    """The fitted one, or 1 where the labels as they are have a lower log loss without it."""
    temperature = fit_temperature(kind, targets, logits)
    before, after = (log_loss(kind, targets, logits / t).mean() for t in (1.0, temperature))
    return temperature if after < before else 1.0


def smoothed_targets(kind: TaskKind, targets: np.ndarray) -> np.ndarray:
    """How sure this many clips allow us to be, (clips, classes): a few that are all right do not ask for 0 and 1.

    For multilabel (N+ + 1) / (N+ + 2) for each of the N+ pairs of clip and class that are true, 1 / (N- + 2)
    for the N- others. For a single label 1 - e, and e / (classes - 1) for the other classes, e = 1 / (clips + 2).

    Source: Platt, "Probabilistic outputs for support vector machines", 1999; the second is its analogue.
    """
    if kind.is_single_label:
        wrong = 1 / (len(targets) + 2)
        return np.where(targets > 0, 1 - wrong, wrong / max(targets.shape[1] - 1, 1))
    positives = np.count_nonzero(targets)
    return np.where(targets > 0, (positives + 1) / (positives + 2), 1 / (targets.size - positives + 2))


def at_thresholds(calibration: Calibration, targets: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    """A row a class: `threshold`, and honest `precision`, `recall` and `f1`; NaN over no clip.

    Thresholds fit the clips that they were chosen on too well. So the clips are dealt into parts with equal shares of
    labels, and those of a part are judged by thresholds chosen on the others. `threshold` is that of all clips.
    """
    predicted, true, n_parts = np.empty(targets.shape, bool), targets > 0, min(_PARTS, len(targets))
    for part in deal_clips(targets, n_parts, seed=0) if n_parts > 1 else [np.arange(n_parts)]:
        others = np.setdiff1d(np.arange(len(targets)), part)
        predicted[part] = probabilities[part] >= fit_thresholds(targets[others], probabilities[others])
    hits, n_predicted, n_true = (
        each.sum(axis=0).astype(float) for each in (predicted & true, predicted, true)
    )
    with np.errstate(invalid="ignore"):
        figures = {
            "precision": hits / n_predicted,
            "recall": hits / n_true,
            "f1": 2 * hits / (n_predicted + n_true),
        }
    return pd.DataFrame({"threshold": calibration.thresholds, **figures})


def write_calibration(folder: Path, calibration: Calibration) -> None:
    """Write `calibration.json` into a run folder."""
    names, thresholds = calibration.classes, calibration.thresholds
    by_name = thresholds and dict(zip(names, thresholds, strict=True))
    content = {"temperature": calibration.temperature, "classes": names, "thresholds": by_name}
    write_atomic(folder / CALIBRATION, (json.dumps(content, indent=1) + "\n").encode())


def read_calibration(run_path: Path, classes: tuple[str, ...] | None = None) -> Calibration | None:
    """The calibration in a run folder; None: it has none (no validation clips, numbers, or an older run).

    Args:
        run_path: the folder.
        classes: of the run, which are to be those of the file; None: whatever is there.

    Raises:
        CalibrationError: the file is damaged, or of other classes.
    """
    path = run_path / CALIBRATION
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        names, temperature = tuple(map(str, content["classes"])), float(content["temperature"])
        thresholds = content["thresholds"] and tuple(float(content["thresholds"][name]) for name in names)
    except (ValueError, KeyError, TypeError) as error:
        raise CalibrationError(
            f"{path}: expected a calibration ({error!r}); train the stage again"
        ) from error
    if not 0 < temperature < np.inf or not all(0 < threshold < 1 for threshold in thresholds or ()):
        raise CalibrationError(
            f"{path}: expected a temperature above 0 and thresholds between 0 and 1, received others; "
            "train the stage again"
        )
    if classes not in (None, names):
        raise CalibrationError(
            f"{path}: expected the {len(classes or ())} classes of the run in their order, received {len(names)} "
            "that differ; train the stage again"
        )
    return Calibration(names, temperature, thresholds)
