"""Clips that a stage knows by the runs that it builds on, which may have drawn other test clips."""

from collections.abc import Sequence
from pathlib import Path

from foundation.words import some
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.splits import read_split
from tagging.datasets.table import DRAWN_FROM, TEST
from tagging.inference.transfer import transfer_source
from tagging.runs.run import INHERITED, SPLIT, Run
from tagging.training.data import StageData
from tagging.training.stage import Stage


def built_on(stage: Stage, start: Run | None, teachers: Sequence[Run]) -> dict[str, Sequence[Run]]:
    """The runs that a stage builds on, by the setting that names them.

    Raises:
        RunError: `model.weights` is a folder, but no run that fits.
    """
    source = None if start else transfer_source(stage.config)
    return {
        f"stages.{stage.name}.init": [start] if start else [],
        "model.weights": [source] if source else [],
        f"stages.{stage.name}.selection": teachers,
    }


def inherited_clips(runs: dict[str, Sequence[Run]], data: StageData, dataset: DatasetSettings) -> list[str]:
    """File names of the clips that these runs trained on or were validated with, and this stage was not, sorted."""
    known: set[str] = set()
    for run in (run for several in runs.values() for run in several):
        known |= _known(run, dataset)
    return sorted(known - {*data.checked["fname"]})


def warn_of_test_clips(runs: dict[str, Sequence[Run]], data: StageData, dataset: DatasetSettings) -> None:
    """Print a line for each run that knows test clips that are drawn here; `predict.py` will refuse the stage."""
    if DRAWN_FROM not in data.dataset.clips:
        return
    test = {*data.dataset.of(TEST)["fname"]}
    for key, several in runs.items():
        for run in several:
            if known := sorted(test & _known(run, dataset)):
                print(
                    f"{key}: {run.path} trained or validated on {some(known)}, drawn to test here: predict.py will "
                    "refuse to score these with this stage; choose runs of one seed and split.test_share"
                )


def _known(run: Run, dataset: DatasetSettings) -> set[str]:
    """Of a run of another data set none, as its names are of other clips."""
    theirs, split = run.config.dataset, run.path / SPLIT
    if theirs.layout != dataset.layout or Path(theirs.root).resolve() != Path(dataset.root).resolve():
        return set()
    own = {*read_split(split).index} if split.is_file() else set()
    return own | {*run.info.get(INHERITED, ())}
