"""What makes a run's scores trustworthy: a temperature, and for several labels a clip a threshold a class.

Both are chosen on validation clips and kept in the run as `calibration.json`.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from preprocessing.folder import write_atomic
from submissions.activations import ACTIVATIONS
from tagging.evaluation.checks import check_matrices
from tagging.kinds import TaskKind

CALIBRATION = "calibration.json"
TEMPERATURES = (0.05, 20.0)  # a few clips, all of them right, ask for 0: as sure as can be


class CalibrationError(ValueError):
    """A calibration that cannot be read; the message is one line for the user."""


@dataclass(frozen=True)
class Calibration:
    """How logits become probabilities, and probabilities labels.

    Attributes:
        classes: names, in the order of the thresholds and of the columns of logits.
        temperature: logits are divided by it; above 1 the network is too sure, below 1 not sure enough.
        thresholds: for each class the probability from which a clip is said to have it; None: one label a clip.
    """

    classes: tuple[str, ...]
    temperature: float
    thresholds: tuple[float, ...] | None

    def probabilities(self, kind: TaskKind, logits: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, (clips, classes) float64, in the order that the logits have."""
        return ACTIVATIONS[kind.activation].scores(np.asarray(logits, np.float64) / self.temperature)


def calibrate(
    kind: TaskKind, targets: np.ndarray, logits: np.ndarray, classes: tuple[str, ...]
) -> Calibration | None:
    """The calibration of validation scores; None for numbers, which are no probabilities.

    Args:
        kind: of the task.
        targets: (clips, classes), 0 or 1.
        logits: (clips, classes), finite.
        classes: names of the columns.

    Raises:
        EvaluationError: shapes that differ, or NaN.
    """
    targets, logits = check_matrices(targets, np.asarray(logits, np.float64))
    if ACTIVATIONS[kind.activation].log_scores is None:
        return None
    temperature = fit_temperature(kind, targets, logits)
    found = Calibration(tuple(classes), temperature, None)
    if kind.name != "multilabel":
        return found
    thresholds = fit_thresholds(targets, found.probabilities(kind, logits))
    return Calibration(tuple(classes), temperature, tuple(thresholds.tolist()))


def log_loss(kind: TaskKind, targets: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Minus the logarithm of the probability of each clip's labels, (clips,).

    Of several labels a clip the mean over classes of the binary cross-entropy, else the cross-entropy.
    """
    activation = ACTIVATIONS[kind.activation]
    assert activation.log_scores is not None  # noqa: S101  for the type checker
    if activation.is_distribution:
        return -(targets * activation.log_scores(logits)).sum(axis=1)
    yes, no = (activation.log_scores(sign * logits) for sign in (1.0, -1.0))
    return -(targets * yes + (1.0 - targets) * no).mean(axis=1)


def fit_temperature(kind: TaskKind, targets: np.ndarray, logits: np.ndarray) -> float:
    """The temperature, within TEMPERATURES, under which the mean log loss is least.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017. The loss is convex in 1 / T, so that its
    minimum is the only one.
    """
    found = minimize_scalar(
        lambda log_t: log_loss(kind, targets, logits / np.exp(log_t)).mean(),
        bounds=tuple(np.log(TEMPERATURES)),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(np.exp(found.x))


def fit_thresholds(targets: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The threshold of each class under which its F1 is highest, (classes,).

    A class without clips takes the threshold under which the F1 over all pairs of clip and class is highest.
    """
    shared = _best_threshold(targets.ravel(), probabilities.ravel())
    columns = zip(targets.T, probabilities.T, strict=True)
    return np.array([_best_threshold(*column) if column[0].any() else shared for column in columns])


def at_thresholds(calibration: Calibration, targets: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    """A row a class: `threshold`, and `precision`, `recall`, `f1` of the clips that reach it; NaN over no clip."""
    said, true = probabilities >= np.array(calibration.thresholds), targets > 0
    hits, n_said, n_true = (each.sum(axis=0).astype(float) for each in (said & true, said, true))
    with np.errstate(invalid="ignore"):
        figures = {"precision": hits / n_said, "recall": hits / n_true, "f1": 2 * hits / (n_said + n_true)}
    return pd.DataFrame({"threshold": calibration.thresholds, **figures})


def write_calibration(folder: Path, calibration: Calibration) -> None:
    """Write `calibration.json` into a run folder."""
    thresholds = calibration.thresholds and dict(
        zip(calibration.classes, calibration.thresholds, strict=True)
    )
    content = {
        "temperature": calibration.temperature,
        "classes": calibration.classes,
        "thresholds": thresholds,
    }
    write_atomic(folder / CALIBRATION, (json.dumps(content, indent=1) + "\n").encode())


def read_calibration(run_path: Path) -> Calibration | None:
    """The calibration in a run folder; None: it has none (no validation clips, numbers, or an older run).

    Raises:
        CalibrationError: the file is damaged.
    """
    path = run_path / CALIBRATION
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        classes, temperature = tuple(map(str, content["classes"])), float(content["temperature"])
        thresholds = content["thresholds"] and tuple(float(content["thresholds"][name]) for name in classes)
    except (ValueError, KeyError, TypeError) as error:
        raise CalibrationError(
            f"{path}: expected a calibration ({error!r}); train the stage again"
        ) from error
    if not np.isfinite([temperature, *(thresholds or ())]).all() or temperature <= 0:
        raise CalibrationError(
            f"{path}: expected a temperature above 0 and finite thresholds, received others; train the stage again"
        )
    return Calibration(classes, temperature, thresholds)


def _best_threshold(targets: np.ndarray, probabilities: np.ndarray) -> float:
    """Where F1 is highest: the middle between two neighbouring scores, so that a little noise changes nothing.

    Of cuts with the same F1 the one in the widest gap; below the lowest score is 0. NaN without a positive.
    """
    if not targets.any():
        return float("nan")
    values, where = np.unique(-probabilities, return_inverse=True)  # the highest first
    said = np.bincount(where).cumsum()
    hits = np.bincount(where, weights=targets > 0).cumsum()
    f1 = 2 * hits / (said + hits[-1])
    above = -values
    below = np.append(above[1:], 0.0)
    best = np.flatnonzero(f1 == f1.max())
    cut = best[(above - below)[best].argmax()]
    return float((above[cut] + below[cut]) / 2)
