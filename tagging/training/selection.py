"""Self-training: which noisy clips a stage learns from, and with which labels, by the word of a trained model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from foundation.files import write_atomic
from foundation.text import CSV_LINE_END, csv_bytes
from submissions.writer import read_scores, write_scores
from tagging.config.selection import SELECTED, SelectionSettings
from tagging.inference.windows import inference_step, pieces_of, predict_files
from tagging.runs.run import Run, RunError
from tagging.training.data import StageData

SCORES, KEPT = "selection_scores.npz", "selected.csv"


def select_clips(
    data: StageData, settings: SelectionSettings, judge: Run, work: Path, jobs: int
) -> StageData:
    """The stage's data with those of its `selected` clips that the teacher accepts, and their labels.

    Writes the teacher's logits and the list of all clips with `kept`, their labels and the teacher's confidence.

    Args:
        data: with every noisy clip that may train, as source `selected`.
        settings: what is asked of a clip, and whose labels it gets.
        judge: the teacher, the run whose scores decide.
        work: folder for the two files; scores that are there already are taken.
        jobs: clips read in parallel.

    Raises:
        RunError: no clip is confirmed.
    """
    rows = np.flatnonzero(data.train["split"] == SELECTED)
    clips = data.train.iloc[rows]
    probabilities = _probabilities(clips, judge, work, jobs)
    given = data.targets[rows]
    confidence = label_confidence(given, probabilities, settings)
    kept = confidence >= settings.min_probability
    _write_list(work / KEPT, clips, kept, confidence, probabilities, judge.classes)
    if not kept.any():
        raise RunError(
            f"expected noisy clips that {judge.path} confirms with a probability of {settings.min_probability}, found "
            f"none of {len(clips)}; lower selection.min_probability"
        )
    targets = data.targets.copy()
    if settings.labels == "model":
        targets[rows] = probabilities
    stays = np.ones(len(data.train), bool)
    stays[rows] = kept
    note = f"{kept.sum()} of {len(clips)} noisy clips were selected by {judge.path}"
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


def _probabilities(clips: pd.DataFrame, judge: Run, work: Path, jobs: int) -> np.ndarray:
    """The teacher's probability of each class for each clip, (clips, classes) float32.

    Its logits are stored, for when the stage resumes after an interruption.
    """
    path, names = work / SCORES, list(clips["fname"])
    if not path.exists():
        logits = predict_files(
            inference_step(judge.load_model()),
            list(clips["path"]),
            pieces_of(judge.config, clips),
            jobs=jobs,
            average=judge.config.window.average,
            activation=judge.kind.activation,
            description="selecting",
        )
        write_scores(path, names, list(judge.classes), logits)
    return judge.kind.activation.scores(read_scores(path).logits)


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
            "likeliest": [classes[k] for k in probabilities.argmax(axis=1)],
        }
    )
    write_atomic(path, csv_bytes(table.to_csv(index=False, lineterminator=CSV_LINE_END)))
