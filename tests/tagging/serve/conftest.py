"""A service with random weights, in the process of the test, and sounds for it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
from starlette.applications import Starlette
from starlette.testclient import TestClient

from foundation.workers import Workers
from models.settings import ModelSettings
from preprocessing.settings import CleaningSettings
from tagging.config.schema import Config
from tagging.config.stage import StageSettings
from tagging.frontend.settings import FrontendSettings
from tagging.pipeline.settings import WindowSettings
from tagging.serve.app import make_app
from tagging.serve.limits import Limits
from tagging.serve.service import Service, ready_service
from tagging.tagger.tagger import Tagger
from tests.tag_command_helpers import RATE_HZ, tone
from tests.tagger_helpers import untrained_run

LIMITS = Limits(upload_bytes=1_000_000, audio_s=5.0, files=3, timeout_s=20.0, requests=2)
CONFIG = Config(
    stages={"train": StageSettings(sources=("curated",))},
    cleaning=CleaningSettings(rate_hz=RATE_HZ),
    window=WindowSettings(window_s=1.0, hop_s=0.5),
    frontend=FrontendSettings("log_mel", n_mels=16),
    model=ModelSettings("cnn2d", filters=(4, 8), units=(8,)),
)
CLASSES = ("high", "low", "middle")


@pytest.fixture(scope="session")
def runs(tmp_path_factory) -> list[Path]:
    """Two runs with other weights."""
    folder = tmp_path_factory.mktemp("served")
    return [untrained_run(folder / f"run{seed}", replace(CONFIG, seed=seed), CLASSES) for seed in (1, 2)]


@pytest.fixture(scope="session")
def service(runs) -> Service:
    return ready_service(Tagger.load(runs[0]), LIMITS, {"hop_s": 0.25})


@pytest.fixture
def scratch(tmp_path) -> Iterator[Path]:
    """Where uploads go; nothing may stay there."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def workers() -> Iterator[Workers]:
    with Workers(1) as pool:
        yield pool


@pytest.fixture
def make(service, workers, scratch) -> Callable[..., Starlette]:
    """Makes an application; limits by name."""

    def application(served: Service = service, page: Path | None = None, **limits: float) -> Starlette:
        served = replace(served, limits=replace(served.limits, **limits))
        return make_app(served, workers, scratch, page)

    return application


@pytest.fixture
def client(make) -> TestClient:
    return TestClient(make(), raise_server_exceptions=False)


@pytest.fixture(scope="session")
def sounds(tmp_path_factory) -> dict[str, Path]:
    """A clip of several tones, a short one, and silence."""
    folder = tmp_path_factory.mktemp("sounds")
    waves = {"low": tone("low", 3.0, 1), "short": tone("high", 0.3, 2), "silent": 0 * tone("low", 1.0, 1)}
    for name, wave in waves.items():
        soundfile.write(folder / f"{name}.wav", wave, RATE_HZ)
    return {name: folder / f"{name}.wav" for name in waves}
