"""The files that no test may lose."""

import shutil
from pathlib import Path

import pytest

from tests.no_loss.place import Place


@pytest.fixture(scope="session")
def place(tiny, noisy, tmp_path_factory) -> Place:
    return Place(tmp_path_factory.mktemp("place"), tiny, noisy[1])


@pytest.fixture
def finished(place, tmp_path) -> Path:
    """A run that the command of `train_again` finds finished."""
    shutil.copytree(place.run, tmp_path / "runs" / "noisy")
    return tmp_path / "runs" / "noisy"
