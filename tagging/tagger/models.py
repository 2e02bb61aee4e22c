"""The runs behind a tagger: which go together, what they take."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from numbers import Real
from os import PathLike
from pathlib import Path

from submissions.settings import EnsembleSettings
from tagging.inference.errors import TaggerError
from tagging.inference.published import AUDIOSET, audioset_run
from tagging.pipeline.pieces import AudioWindows, audio_windows
from tagging.pipeline.settings import WindowSettings
from tagging.runs.ensembles import Ensemble, make_ensemble
from tagging.runs.folds import Member, read_member
from tagging.runs.run import Run

LONGEST_S = 600.0  # of windows that no run was trained on: a network takes memory by their length


def load_ensemble(paths: Sequence[str | PathLike], weights: str | PathLike = AUDIOSET) -> Ensemble:
    """The runs, or folders of folds, in these folders; `"audioset"` is the published network with these weights.

    Raises:
        RunError: no finished run is there, or runs of other classes.
        TaggerError: no folder, a list of them, or an ensemble that only a whole data set can make.
    """
    for path in paths:
        if not isinstance(path, str | PathLike):
            raise TaggerError(
                f"expected run folders one by one, as load(a, b), received a {type(path).__name__}"
            )
    members = [_member(path, weights) for path in paths]
    if not members:
        raise TaggerError("expected at least one run folder, received none")
    config = members[0].runs[0].config
    return make_ensemble(replace(config, ensemble=_how_to_combine(members)), members)


def _member(path: str | PathLike, weights: str | PathLike) -> Member:
    """A folder of the name `audioset` is `./audioset`."""
    if path != AUDIOSET:
        return read_member(Path(path))
    run = audioset_run(Path(weights) if weights != AUDIOSET else AUDIOSET)
    return Member(run.path, (run,))


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


def window_pieces(runs: Sequence[Run], window_s: float | None, hop_s: float | None) -> AudioWindows:
    """Windows of a timeline: of the first run where None, and then with the overlap of its own.

    Raises:
        TaggerError: runs on features, or at several rates; seconds that are none, or too many.
    """
    for run in runs:
        if run.config.cleaning.features.name is not None:
            raise TaggerError(
                f"expected a run on waveforms for a timeline, {run.path} takes features of whole clips "
                f"(cleaning.features.name={run.config.cleaning.features.name}): tag whole clips instead"
            )
    if len(rates := {run.config.cleaning.rate_hz for run in runs}) > 1:
        raise TaggerError(f"expected runs of one rate for a timeline, received {sorted(rates)} Hz")
    return audio_windows(_over_time(runs[0].config.window, window_s, hop_s), rates.pop())


def _over_time(settings: WindowSettings, window_s: float | None, hop_s: float | None) -> WindowSettings:
    for name, value in (("window_s", window_s), ("hop_s", hop_s)):
        if value is not None and not (isinstance(value, Real) and 0 < value < inf):
            raise TaggerError(f"expected {name} above 0, in seconds, received {value!r}")
    window = settings.window_s if window_s is None else window_s
    if window > (longest := max(settings.window_s, LONGEST_S)):
        raise TaggerError(f"expected window_s of at most {longest:g}, received {window_s}: give less")
    hop = settings.hop_s * window / settings.window_s if hop_s is None else hop_s
    try:
        return replace(settings, window_s=window, hop_s=hop, only_first=False)
    except ValueError as error:
        raise TaggerError(str(error)) from error
