"""Run folders and audio -> scores of every clip."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from preprocessing.settings import CleaningSettings
from submissions.activations import Activation
from submissions.ensemble import average_folds
from tagging.config.schema import Config
from tagging.datasets.sources import Source
from tagging.datasets.table import DatasetError
from tagging.inference.windows import (
    average_windows,
    inference_step,
    loudest_windows,
    pieces_of,
    predict_windows,
)
from tagging.pipeline.pieces import clips_from_files
from tagging.runs.folds import Member
from tagging.runs.run import Run, RunError


@dataclass(frozen=True)
class Scores:
    """What one run, or one model of the ensemble, says.

    Attributes:
        clips: those with usable audio, `path` the clean one.
        lost: the others, with a `reason`.
        logits: (clips, classes) float32, over all windows of each clip.
        loudest: (clips, classes) float32, of its loudest window alone; None: features, which tell no loudness.
    """

    clips: pd.DataFrame
    lost: pd.DataFrame
    logits: np.ndarray
    loudest: np.ndarray | None


def score_members(members: Sequence[Member], source: Source, config: Config, jobs: int) -> list[Scores]:
    """Scores of all clips by each model; those of folds are averaged.

    Raises:
        RunError: the runs cannot use the same clips.
        DatasetError: as `score_runs`.
    """
    runs = score_runs([run for member in members for run in member.runs], source, config, jobs)
    names = [list(scores.clips["fname"]) for scores in runs]
    if any(other != names[0] for other in names):
        raise RunError("expected the same usable clips for all runs, received others: their cleaning differs")
    rest = iter(runs)
    return [_as_one([next(rest) for _ in member.runs], member.runs[0].kind.activation) for member in members]


def _as_one(folds: Sequence[Scores], activation: Activation) -> Scores:
    if len(folds) == 1:
        return folds[0]
    logits = average_folds([fold.logits for fold in folds], activation)
    ones = [fold.loudest for fold in folds if fold.loudest is not None]
    loudest = average_folds(ones, activation) if len(ones) == len(folds) else None
    return Scores(folds[0].clips, folds[0].lost, logits, loudest)


def score_runs(runs: Sequence[Run], source: Source, config: Config, jobs: int) -> list[Scores]:
    """Scores of all clips by each run; runs with equal cleaning share the clean audio.

    Clean audio of a data set is looked for in the config's `clean_dir`, and where runs were trained on audio
    cleaned in another way than the config's, in theirs.

    Raises:
        DatasetError: no usable audio, or too little of it, before a model is loaded.
    """
    scores: dict[int, Scores] = {}
    for numbers in _of_equal_cleaning(runs):
        theirs = [runs[number].config for number in numbers]
        cleaning = theirs[0].cleaning
        folders = [Path(each.clean_dir) for each in ([config] if config.cleaning == cleaning else theirs)]
        with source.audio(cleaning, folders, jobs) as (clips, lost):
            if clips.empty:
                raise DatasetError(f"expected usable audio, found none: {listed(lost)}")
            if source.is_dataset and len(lost):
                raise DatasetError(
                    f"expected audio for every test clip, but {len(lost)} have none: {listed(lost)}"
                )
            for number in numbers:
                scores[number] = Scores(clips, lost, *_logits(runs[number], clips, jobs))
    return [scores[number] for number in range(len(runs))]


def _of_equal_cleaning(runs: Sequence[Run]) -> list[list[int]]:
    groups: dict[CleaningSettings, list[int]] = {}
    for number, run in enumerate(runs):
        groups.setdefault(run.config.cleaning, []).append(number)
    return list(groups.values())


def _logits(run: Run, clips: pd.DataFrame, jobs: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Scores by one run, over all windows of each clip and, of audio, of the loudest."""
    model, pieces, n_clips = run.load_model(), pieces_of(run.config, clips), len(clips)
    if not pieces.is_audio and pieces.input_shape[-1] != model.input_shape[-1]:
        raise RunError(
            f"expected features of {model.input_shape[-1]} bands for {run.path}, received {pieces.input_shape[-1]}"
        )
    step = inference_step(model)
    stored = clips_from_files(list(clips["path"]), pieces, jobs)
    found = predict_windows(step, stored, n_clips, pieces, description=str(run.path))
    every = average_windows(found, n_clips, run.config.window.average, run.kind.activation)
    return every, loudest_windows(found, n_clips) if pieces.is_audio else None


def listed(lost: pd.DataFrame, most: int = 10) -> str:
    """The first of these clips with their reasons, on one line."""
    named = "; ".join(f"{row.fname} ({row.reason})" for row in lost.head(most).itertuples())
    return named + (f"; and {len(lost) - most} more" if len(lost) > most else "")
