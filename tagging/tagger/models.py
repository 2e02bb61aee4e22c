"""The runs behind a tagger: which go together, how their scores become one, what they take."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from pathlib import Path

import numpy as np
from scipy.special import expit, logit

from preprocessing.feature_settings import STORED
from submissions.ensemble import average_folds
from submissions.settings import EnsembleSettings
from tagging.calibration import read_calibration
from tagging.ensembles import Ensemble, make_ensemble
from tagging.folds import Member, read_member
from tagging.pipeline.pieces import AudioWindows, audio_windows
from tagging.pipeline.settings import WindowSettings
from tagging.runs import Run
from tagging.tagger.results import TaggerError

THRESHOLD = 0.5  # where a run has none of its own


def load_ensemble(paths: Sequence[Path]) -> Ensemble:
    """The runs, or folders of folds, in these folders.

    Raises:
        RunError: no finished run is there, or runs of other classes.
        TaggerError: no folder, or an ensemble that only a whole data set can make.
    """
    members = [read_member(path) for path in paths]
    if not members:
        raise TaggerError("expected at least one run folder, received none")
    config = members[0].runs[0].config
    return make_ensemble(replace(config, ensemble=_how_to_combine(members)), members)


def _how_to_combine(members: Sequence[Member]) -> EnsembleSettings:
    """As the first run's config says; of one member there is nothing to combine."""
    settings = members[0].runs[0].config.ensemble
    if len(members) == 1:
        return EnsembleSettings()
    if settings.fit or settings.method == "rank":
        raise TaggerError(
            f"expected runs with ensemble.method mean or geometric and known weights, {members[0].path} has "
            f"method={settings.method}, fit={settings.fit}, which need a whole data set: use predict.py"
        )
    return settings


def check_hears(runs: Sequence[Run]) -> None:
    """Raises TaggerError for runs that cannot take audio."""
    for run in runs:
        if run.config.cleaning.features.name == STORED:
            raise TaggerError(
                f"expected a run on audio, {run.path} was trained on ready-made features "
                "(cleaning.features.name=stored), which nothing here can make of audio"
            )


def combine(ensemble: Ensemble, logits: Sequence[np.ndarray]) -> np.ndarray:
    """One (rows, classes) matrix a run, those of folds one by one -> scores (rows, classes) float64."""
    rest, activation = iter(logits), ensemble.kind.activation
    of_members = [[next(rest) for _ in member.runs] for member in ensemble.members]
    return ensemble.combine(
        [average_folds(folds, activation) if len(folds) > 1 else folds[0] for folds in of_members]
    )


def thresholds_of(runs: Sequence[Run]) -> np.ndarray:
    """(classes,): of one run that was calibrated its own, else .5.

    They were chosen for probabilities at the run's temperature, and are given for the scores without it.
    """
    found = read_calibration(runs[0].path) if len(runs) == 1 else None
    if found is None or found.thresholds is None:
        return np.full(len(runs[0].classes), THRESHOLD)
    return expit(logit(np.array(found.thresholds)) * found.temperature)


def window_pieces(runs: Sequence[Run], window_s: float | None, hop_s: float | None) -> AudioWindows:
    """Windows of a timeline: of the first run where None, and then with the overlap of its own.

    Raises:
        TaggerError: runs on features, or at several rates; seconds that are none.
    """
    for run in runs:
        if run.config.cleaning.features.name is not None:
            raise TaggerError(
                f"expected a run on waveforms for a timeline, {run.path} takes features of whole clips "
                f"(cleaning.features.name={run.config.cleaning.features.name}): tag whole clips, or cut them"
            )
    if len(rates := {run.config.cleaning.rate_hz for run in runs}) > 1:
        raise TaggerError(f"expected runs of one rate for a timeline, received {sorted(rates)} Hz")
    return audio_windows(_over_time(runs[0].config.window, window_s, hop_s), rates.pop())


def _over_time(settings: WindowSettings, window_s: float | None, hop_s: float | None) -> WindowSettings:
    for name, value in (("window_s", window_s), ("hop_s", hop_s)):
        if value is not None and not 0 < value < inf:
            raise TaggerError(f"expected {name} above 0, in seconds, received {value}")
    window = settings.window_s if window_s is None else window_s
    hop = settings.hop_s * window / settings.window_s if hop_s is None else hop_s
    return replace(settings, window_s=window, hop_s=hop, only_first=False)
