"""Self-training: which noisy clips a stage learns from, and with which labels, by the word of a trained model."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from submissions.writer import read_scores, write_scores
from tagging.config.selection import SELECTED, SelectionSettings
from tagging.datasets.csv_files import write_csv
from tagging.inference.windows import inference_step, pieces_of, predict_files
from tagging.runs.run import Run, RunError
from tagging.training.data import StageData

SCORES, KEPT = "selection_scores.npz", "selected.csv"


def select_clips(
    data: StageData, settings: SelectionSettings, teachers: Sequence[Run], work: Path, jobs: int
) -> StageData:
    """The stage's data with those of its `selected` clips that the teachers accept, and their labels.

    Writes the teachers' logits (of their mean score) and the list of all clips with `kept`, labels and confidence.

    Args:
        data: with every noisy clip that may train, as source `selected`.
        settings: what is asked of a clip, and whose labels it gets.
        teachers: the runs whose mean score decides.
        work: folder for the two files; scores that are there already are taken.
        jobs: clips read in parallel.

    Raises:
        RunError: no clip is confirmed.
    """
    rows = np.flatnonzero(data.train["split"] == SELECTED)
    clips = data.train.iloc[rows]
    probabilities = _probabilities(clips, teachers, work, jobs)
    given = data.targets[rows]
    confidence = label_confidence(given, probabilities, settings)
    paths = ", ".join(str(teacher.path) for teacher in teachers)
    kept = confidence >= settings.min_probability
    _write_list(work / KEPT, clips, kept, confidence, probabilities, data.dataset.classes)
    if not kept.any():
        raise RunError(
            f"expected noisy clips that {paths} confirm with a probability of {settings.min_probability}, "
            f"found none of {len(clips)}; lower selection.min_probability"
        )
    targets = data.targets.copy()
    if settings.labels == "model":
        targets[rows] = probabilities
    stays = np.ones(len(data.train), bool)
    stays[rows] = kept
    note = f"{kept.sum()} of {len(clips)} noisy clips were selected by {paths}"
    return replace(
        data,
        train=data.train[stays].reset_index(drop=True),
        targets=targets[stays],
        notes=(*data.notes, note),
    )


def label_confidence(given: np.ndarray, probabilities: np.ndarray, settings: SelectionSettings) -> np.ndarray:
    """How far a model stands behind each clip's labels, (clips,), 0 to 1.

    Args:
        given: multi-hot labels (clips, classes).
        probabilities: the model's (clips, classes).
        settings: `labels`: `given`, the probability of the least likely of the clip's labels (1 without labels
            is no confirmation: 0); `model`, that of the most likely class.
    """
    if settings.labels == "model":
        return probabilities.max(axis=1)
    least = np.where(given > 0, probabilities, 1.0).min(axis=1)
    return np.where((given > 0).any(axis=1), least, 0.0)


def _probabilities(clips: pd.DataFrame, teachers: Sequence[Run], work: Path, jobs: int) -> np.ndarray:
    """The teachers' mean probability of each class for each clip, (clips, classes) float32.

    Its logits are stored, for when the stage resumes after an interruption.
    """
    path, activation = work / SCORES, teachers[0].kind.activation
    if not path.exists():
        logits = np.stack([_logits(clips, teacher, jobs) for teacher in teachers], axis=1)
        n_clips, n_teachers, n_classes = logits.shape
        mean = activation.mean(logits.reshape(-1, n_classes), np.arange(n_clips) * n_teachers)
        write_scores(path, list(clips["fname"]), list(teachers[0].classes), mean.astype(np.float32))
    return activation.scores(read_scores(path).logits)


def _logits(clips: pd.DataFrame, teacher: Run, jobs: int) -> np.ndarray:
    """Of one teacher, (clips, classes)."""
    return predict_files(
        inference_step(teacher.load_model()),
        list(clips["path"]),
        pieces_of(teacher.config, clips),
        jobs=jobs,
        average=teacher.config.window.average,
        activation=teacher.kind.activation,
        description="selecting",
    )


def _write_list(
    path: Path,
    clips: pd.DataFrame,
    kept: np.ndarray,
    confidence: np.ndarray,
    probabilities: np.ndarray,
    classes: tuple[str, ...],
) -> None:
    table = pd.DataFrame(
        {
            "fname": clips["fname"].to_numpy(),
            "kept": kept.astype(int),
            "confidence": confidence.round(4),
            "labels": clips["labels"].map(",".join).to_numpy(),
            "predicted": [classes[k] for k in probabilities.argmax(axis=1)],
        }
    )
    write_csv(path, table)
