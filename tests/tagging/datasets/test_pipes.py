"""Named pipes in place of the files that settings name: refused at once; reading them would block for ever."""

import os
import threading
from pathlib import Path

import pytest

from models.mn import make_mn
from models.parts.mn_weights import load_published
from models.settings import ModelError, ModelSettings
from tagging.datasets.csv_files import read_csv
from tagging.datasets.layouts.folders import read as read_folders
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import DatasetError


@pytest.fixture
def pipe(tmp_path):
    """A pipe that nobody may open; it would end at once, so that a failing test does not block."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.open("wb").close(), daemon=True)
    writer.start()
    yield path
    writer.join(0.2)
    assert writer.is_alive(), "the pipe was opened"
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # open until the writer has seen it
    writer.join()
    os.close(reader)


def test_of_a_table(pipe):
    with pytest.raises(DatasetError, match=rf"^{pipe}: .*fname, part.*\(a pipe or a device"):
        read_csv(pipe, ["fname", "part"])


def test_of_a_list_of_clips(pipe, tmp_path):
    for label in "ab":
        (tmp_path / label).mkdir()
        (tmp_path / label / f"{label}.wav").touch()
    settings = DatasetSettings(layout="folders", root=str(tmp_path), lists={"train": str(pipe)})
    with pytest.raises(DatasetError, match=rf"^{pipe}: .*\(a pipe or a device"):
        read_folders(settings)


def test_of_the_weights_of_a_network(pipe):
    with pytest.raises(ModelError, match=rf"received {pipe}: no such file"):
        load_published(make_mn(0.1), ModelSettings("mn", weights=str(pipe)), 0.1)


def test_a_folder_in_place_of_a_table_is_named_too(tmp_path: Path):
    with pytest.raises(DatasetError, match=rf"^{tmp_path}: .*directory"):
        read_csv(tmp_path, ["fname"])
