"""Runs and the test clips of a data set -> scores of every clip."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from foundation.shards import Shard
from foundation.words import with_reasons
from submissions.activations import Activation
from submissions.ensemble import average_folds
from submissions.refused import Refused
from submissions.shards import IDENTITY, Arrays, Shards
from tagging.config.schema import Config
from tagging.datasets.cleaned import clean_audio
from tagging.datasets.table import DatasetError
from tagging.inference.alike import groups_by
from tagging.inference.clip_windows import ClipWindows, cut_alike, identity_of
from tagging.inference.windows import WindowLogits, average_windows, joined_windows, loudest_windows
from tagging.runs.ensembles import Ensemble
from tagging.runs.run import Run


class ClipLogits(NamedTuple):
    """What one run, or one model of the ensemble, predicts.

    Attributes:
        logits: (clips, classes) float32, over all windows of each clip.
        loudest: (clips, classes) float32, of its loudest window alone; None: features, which tell no loudness.
    """

    logits: np.ndarray
    loudest: np.ndarray | None


def score_members(
    ensemble: Ensemble, clips: pd.DataFrame, config: Config, jobs: int, shards: Shards | None = None
) -> tuple[list[ClipLogits], Refused]:
    """Scores of all clips by each model, those of folds averaged, and the clips that a run could not use.

    Raises:
        DatasetError, SubmissionError: as `score_runs`.
    """
    scores, refused = score_runs(ensemble.runs, clips, config, jobs, shards)
    return [_as_one(folds, ensemble.kind.activation) for folds in ensemble.by_member(scores)], refused


def _as_one(folds: Sequence[ClipLogits], activation: Activation) -> ClipLogits:
    ones = [fold.loudest for fold in folds if fold.loudest is not None]
    return ClipLogits(
        average_folds([fold.logits for fold in folds], activation),
        average_folds(ones, activation) if len(ones) == len(folds) else None,
    )


def score_runs(
    runs: Sequence[Run], clips: pd.DataFrame, config: Config, jobs: int, shards: Shards | None = None
) -> tuple[list[ClipLogits], Refused]:
    """Scores of all clips by each run, and the clips that a run could not use; equal cleaning is done once.

    Clean audio is looked for in the config's `clean_dir`, and where runs were trained on audio cleaned in another way
    than the config's, in theirs. A clip without usable audio gets what a run can say without it: see `_without_audio`.

    Args:
        runs, clips, config: what is scored by what.
        jobs: clips read in parallel.
        shards: what has been predicted already.

    Raises:
        DatasetError: no clip has usable audio, before a model is loaded.
        SubmissionError: shards of something else.
    """
    scores: dict[int, ClipLogits] = {}
    reasons: dict[str, str] = {}
    with closing(_cleaned(runs, clips, config, jobs)) as groups:
        for numbers, usable, lost in groups:
            reasons |= lost
            is_usable = clips["fname"].isin(usable["fname"]).to_numpy(bool)
            for number, found in _scores(runs, numbers, usable, jobs, shards):
                scores[number] = found if is_usable.all() else _completed(runs[number], found, is_usable)
    refused = [(name, reasons[name]) for name in clips["fname"] if name in reasons]
    return [scores[number] for number in range(len(runs))], refused


def score_shard(
    runs: Sequence[Run], clips: pd.DataFrame, config: Config, jobs: int, shard: Shard, shards: Shards
) -> dict[str, Arrays]:
    """What `score_runs` will find of a shard: logits of its windows, by the number of the run.

    Args:
        runs, clips, config, jobs, shards: as above; runs that the shard has already are not asked again.
        shard: which part.
    """
    arrays: dict[str, Arrays] = {}
    with closing(_cleaned(runs, clips, config, jobs)) as groups:
        for numbers, usable, _ in groups:
            identities = {number: identity_of(runs[number], usable) for number in numbers}
            there = [number for number in numbers if shards.has(shard, str(number), identities[number])]
            found = {number: shards.found[shard.number][str(number)] for number in there}
            for rest, windows in _windows(runs, [n for n in numbers if n not in there], usable, jobs):
                found |= zip(rest, (each._asdict() for each in windows.of(shard)), strict=True)
            arrays |= {str(n): {**found[n], IDENTITY: np.array(identities[n])} for n in numbers}
    return arrays


def _cleaned(
    runs: Sequence[Run], clips: pd.DataFrame, config: Config, jobs: int
) -> Generator[tuple[list[int], pd.DataFrame, dict[str, str]], None, None]:
    """Numbers of runs of equal cleaning, with the usable clips and the reasons of the others, by their names."""
    reasons: dict[str, str] = {}
    for numbers in groups_by([run.config.cleaning for run in runs]):
        theirs = [runs[number].config for number in numbers]
        cleaning = theirs[0].cleaning
        folders = [Path(each.clean_dir) for each in ([config] if config.cleaning == cleaning else theirs)]
        with clean_audio(clips, folders, cleaning, jobs) as (usable, lost):
            reasons |= dict(zip(lost["fname"], lost["reason"], strict=True))
            if usable.empty:
                raise DatasetError(f"expected usable test clips, found none: {with_reasons(reasons.items())}")
            yield numbers, usable, reasons


def _completed(run: Run, found: ClipLogits, is_usable: np.ndarray) -> ClipLogits:
    """Scores of all clips out of those of the usable ones."""
    every = np.tile(_without_audio(run, found.logits), (len(is_usable), 1))
    loudest = None if found.loudest is None else every.copy()
    every[is_usable] = found.logits
    if loudest is not None:
        loudest[is_usable] = found.loudest
    return ClipLogits(every, loudest)


def _without_audio(run: Run, logits: np.ndarray) -> np.ndarray:
    """Logits of a clip that nothing is known of, (classes,) float32.

    Their scores are the classes' shares of the training clips, or the mean values of regression; of runs of older
    versions, which do not have these, the mean scores of the other clips, whose logits these are.
    """
    activation, shares = run.kind.activation, run.info.get("train_mean")
    row = (
        activation.mean(logits, np.array([0]))[0] if shares is None else activation.inverse(np.array(shares))
    )
    return row.astype(np.float32)


def _windows(
    runs: Sequence[Run], numbers: Sequence[int], clips: pd.DataFrame, jobs: int
) -> Iterator[tuple[list[int], ClipWindows]]:
    """The numbers of runs for which clips are cut alike, and the windows of the clips for them."""
    for group in cut_alike([runs[number] for number in numbers], clips):
        alike = [numbers[place] for place in group]
        yield alike, ClipWindows([runs[number] for number in alike], clips, jobs)


def _scores(
    runs: Sequence[Run], numbers: Sequence[int], clips: pd.DataFrame, jobs: int, shards: Shards | None
) -> Iterator[tuple[int, ClipLogits]]:
    """(number of a run, what it predicts) of all clips."""
    for alike, windows in _windows(runs, numbers, clips, jobs):
        for number, found in zip(alike, _found(windows, alike, shards), strict=True):
            run = runs[number]
            every = average_windows(found, len(clips), run.config.window.average, run.kind.activation)
            loudest = loudest_windows(found, len(clips)) if windows.pieces.is_audio else None
            yield number, ClipLogits(every, loudest)


def _found(windows: ClipWindows, numbers: Sequence[int], shards: Shards | None) -> list[WindowLogits]:
    """Of each run; shards have the logits under its number."""
    if shards is None or not shards.found:
        return windows.every()
    of_shards = [_of_shard(windows, numbers, shard, shards) for shard in shards.every]
    return [joined_windows(parts) for parts in zip(*of_shards, strict=True)]


def _of_shard(
    windows: ClipWindows, numbers: Sequence[int], shard: Shard, shards: Shards
) -> list[WindowLogits]:
    named = zip(numbers, windows.runs, strict=True)
    taken = [shards.take(shard, str(number), identity_of(run, windows.clips)) for number, run in named]
    there = [arrays for arrays in taken if arrays is not None]  # of all runs or of none
    if not there:
        return windows.of(shard)
    return [WindowLogits(*(arrays[name] for name in WindowLogits._fields)) for arrays in there]
