"""`python -m tagging export` in this process, and a run for it."""

from collections.abc import Callable
from pathlib import Path

from models.settings import ModelSettings
from preprocessing.feature_settings import FeatureSettings
from preprocessing.settings import CleaningSettings
from tagging import __main__
from tagging.frontend.settings import FrontendSettings
from tagging.pipeline.pieces import feature_sequences
from tagging.pipeline.settings import SequenceSettings, WindowSettings


def export(*arguments: object) -> int:
    return __main__.main(["export", *map(str, arguments)])


def refusal(capsys, *arguments: object) -> str:
    assert export(*arguments) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    return line


def run_on_features(make_run: Callable, network: str, *, fixed: bool) -> Path:
    """A run on mel features of 20 bands that are computed offline."""
    sequence = SequenceSettings(max_steps=30, fixed=fixed)
    return make_run(
        pieces=feature_sequences(sequence, 20),
        sequence=sequence,
        cleaning=CleaningSettings(features=FeatureSettings("mel", n_mels=20)),
        frontend=FrontendSettings(standardize=True),
        window=WindowSettings(),
        model=ModelSettings(network),
    )
