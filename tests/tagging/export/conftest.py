"""Runs with random weights for exports, of any front end and network, and the steps of an export."""

from collections.abc import Callable
from pathlib import Path

import pytest

from preprocessing.settings import CleaningSettings
from tagging.config.schema import Config
from tagging.config.stage import StageSettings
from tagging.export.about import about
from tagging.export.certificate import Certificate
from tagging.export.comparison import certify, size_of
from tagging.export.graph import graph_of
from tagging.export.registry import FLOAT32, FORMATS
from tagging.frontend.settings import FRONTENDS, FrontendSettings
from tagging.pipeline.pieces import Pieces
from tagging.pipeline.settings import WindowSettings
from tagging.tagger.models import load_ensemble
from tests.tagger_helpers import untrained_run

CLASSES = ("high", "low", "middle")
RATES_HZ = {"yamnet": 16_000, "mn_log_mel": 32_000}


@pytest.fixture
def make_run(tmp_path) -> Callable[..., Path]:
    """Makes an untrained run of a front end; further settings of its config by name."""

    def make(
        front_end: str = "log_mel",
        name: str = "run",
        task: str = "multilabel",
        pieces: Pieces | None = None,
        **settings: object,
    ) -> Path:
        takes = FRONTENDS[front_end].takes
        options = {"n_mels": 40, "hop_length": 160} if "n_mels" in takes else {}
        options |= {"standardize": True} if "standardize" in takes else {}
        defaults = {
            "stages": {"train": StageSettings(sources=("curated",))},
            "cleaning": CleaningSettings(rate_hz=RATES_HZ.get(front_end, 8_000)),
            "window": WindowSettings(window_s=1.0, hop_s=0.5),
            "frontend": FrontendSettings(front_end, **options),
        }
        return untrained_run(tmp_path / name, Config(**{**defaults, **settings}), CLASSES, task, pieces)

    return make


@pytest.fixture
def certified(tmp_path) -> Callable[..., Certificate]:
    """Writes runs in a format into `tmp_path`, and compares."""

    def export(
        to: str, *runs: Path, window_s: float | None = None, fixed: bool = False, precision: str = FLOAT32
    ) -> Certificate:
        form = FORMATS[to]
        graph = graph_of(load_ensemble(runs), window_s, is_fixed=fixed)
        facts = about(graph, precision)
        form.module().write(graph, tmp_path, facts)
        return certify(graph, facts, form.module().load(tmp_path), to, size_of(tmp_path, form.files))

    return export
