"""Files with a base and the settings that differ."""

import os

import pytest

from tagging.config.extension import save_extension
from tagging.config.load import config_files, load_config

OVERRIDES = [
    "train.epochs=2",
    "stages.noisy.epochs=3",
    "dataset.exclude=[no, 1e3, '\\${x}.wav']",
    "clean_dir=a",
    "clean_dir=b",
]


@pytest.fixture
def base(tmp_path):
    folder = tmp_path / "configs ${x}"
    folder.mkdir()
    (folder / "mine.yaml").write_text(
        "# mine\nseed: 4\nstages: {noisy: {sources: [noisy], epochs: 9}, more: {}}\n"
    )
    return folder / "mine.yaml"


@pytest.mark.parametrize("overrides", [OVERRIDES, []])
def test_it_is_read_as_the_base_with_the_overrides(base, tmp_path, overrides):
    path = tmp_path / "out" / "new.yaml"
    path.parent.mkdir()
    save_extension(base, overrides, path)
    assert load_config(path) == load_config(base, overrides)
    assert config_files(path) == [path.parent / "../configs ${x}/mine.yaml", path]
    assert len(path.read_text().splitlines()) == (12 if overrides else 1)


def test_links_are_followed_as_the_system_does(base, tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "deep" / "er")
    save_extension(base, OVERRIDES, tmp_path / "link" / "new.yaml")
    assert load_config(tmp_path / "deep" / "er" / "new.yaml") == load_config(base, OVERRIDES)


def test_a_pipe_gets_an_absolute_path(base, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    end = os.open(tmp_path / "pipe", os.O_RDWR | os.O_NONBLOCK)
    save_extension(base, [], tmp_path / "pipe")
    (tmp_path / "copy.yaml").write_bytes(os.read(end, 1000))
    os.close(end)
    assert load_config(tmp_path / "copy.yaml") == load_config(base)
