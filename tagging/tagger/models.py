"""The runs behind a tagger: which go together, what they take."""

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

from submissions.settings import EnsembleSettings
from tagging.inference.errors import TaggerError
from tagging.inference.published import audioset_run
from tagging.runs.arguments import AUDIOSET
from tagging.runs.ensembles import Ensemble, make_ensemble
from tagging.runs.folds import Member, read_member


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
