"""What each training clip counts in the loss, by its source and its labels."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tagging.config.stage import StageSettings
from tagging.evaluation.task_kinds import TaskKind
from tagging.runs.run import RunError


def clip_weights(
    settings: StageSettings, sources: pd.Series, targets: np.ndarray, classes: tuple[str, ...], kind: TaskKind
) -> np.ndarray | None:
    """Weight of each clip in the loss, (clips,) float32: that of its source times that of its labels; None: all are 1.

    Args:
        settings: its `source_weights` and `class_weights`.
        sources: of the clips, (clips,).
        targets: their labels, (clips, classes).
        classes: names of the columns.
        kind: of the task.

    Raises:
        RunError: weights of classes in regression, or of a class that is not there.
    """
    if not settings.source_weights and settings.class_weights is None:
        return None
    weights = np.array([settings.source_weights.get(source, 1.0) for source in sources], np.float64)
    if settings.class_weights is not None:
        weights *= _of_labels(targets, class_weights(settings.class_weights, targets, classes, kind))
    return weights.astype(np.float32)


def class_weights(
    setting: str | Mapping[str, float], targets: np.ndarray, classes: tuple[str, ...], kind: TaskKind
) -> np.ndarray:
    """Weight of each class, (classes,): as given, or `balanced`, clips / (classes x clips of the class).

    Balanced is scikit-learn's `compute_class_weight`: with one label a clip, all classes together weigh as many clips
    as there are, and each the same. Classes without a training clip weigh nothing and are not counted.
    """
    if not kind.has_labels:
        raise RunError("train.class_weights applies to labels, not to regression targets; set null")
    if setting == "balanced":
        clips_of = targets.sum(axis=0, dtype=np.float64)
        present = clips_of > 0
        balanced = len(targets) / (present.sum() * np.maximum(clips_of, 1e-9))
        return np.where(present, balanced, 0.0)
    assert isinstance(setting, Mapping)  # noqa: S101  for the type checker
    if unknown := [label for label in setting if label not in classes]:
        raise RunError(
            f"train.class_weights: expected classes of this data set ({', '.join(classes)}), received {unknown}"
        )
    return np.array([setting.get(name, 1.0) for name in classes])


def _of_labels(targets: np.ndarray, weight_of: np.ndarray) -> np.ndarray:
    """(clips,): mean weight of a clip's labels, by their shares where they have such; 1 without a label."""
    total = targets.sum(axis=1, dtype=np.float64)
    return np.where(total > 0, targets @ weight_of / np.where(total > 0, total, 1.0), 1.0)
