"""No option that names a path to write replaces what it did not make: each is aimed at every protected file."""

import os
import shutil
import stat
import threading
from pathlib import Path

import pytest

import predict
from tests.no_loss.commands import OPTIONS, TARGETS, predict_audio_to, predict_to, tag_one

pytestmark = pytest.mark.usefixtures("eagerly")


@pytest.mark.parametrize(
    "targets",
    [("input", "run's config.yaml"), pytest.param(TARGETS, marks=pytest.mark.slow)],
    ids=["some", "all"],
)
@pytest.mark.parametrize("option", OPTIONS)
def test_no_option_replaces_what_is_not_its_own(place, option, targets, capsys):
    name, command = OPTIONS[option]
    before = place.state()
    for target in targets:
        file = place.link(place.protected[target], name)
        assert command(place, file) == 2, target
        message = capsys.readouterr().err.strip().splitlines()[-1]
        assert "would be lost" in message, message
        assert file.is_symlink(), target
    assert place.state() == before


@pytest.mark.parametrize("target", TARGETS)
def test_nor_when_it_is_named_itself(place, target, capsys):
    before, file = place.state(), place.protected[target]
    assert predict_to(place, file) == predict_audio_to(place, file) == tag_one(place, "--out", file) == 2
    assert capsys.readouterr().err.count("would be lost") == 3
    assert place.state() == before


@pytest.mark.parametrize("option", [each for each in OPTIONS if "sweep" not in each and "folds" not in each])
def test_an_output_is_written_twice_in_a_row_and_not_once_it_is_edited(place, option, tmp_path, capsys):
    name, command = OPTIONS[option]
    file, before = tmp_path / "out" / name, place.state()
    assert command(place, file) == 0, capsys.readouterr().err
    first = file.read_bytes()
    assert command(place, file) == 0, capsys.readouterr().err
    assert len(file.read_bytes()) == len(first)
    file.write_bytes(first + b"edited by hand")
    assert command(place, file) == 2
    assert "edited" in capsys.readouterr().err
    assert file.read_bytes() == first + b"edited by hand"
    assert place.state() == before


def test_a_new_file_may_be_written_next_to_recordings_and_replaced(place, tmp_path):
    recordings = shutil.copytree(place.recordings, tmp_path / "recordings")
    argv = [
        "--runs",
        str(place.run),
        "--audio",
        str(recordings / "a.wav"),
        "--out",
        str(recordings / "tags.csv"),
    ]
    assert predict.main(argv) == predict.main(argv) == 0


def test_an_output_of_another_option_is_not_replaced(place, tmp_path, capsys):
    assert tag_one(place, "--out", tmp_path / "x.csv") == 0
    assert predict_audio_to(place, tmp_path / "x.csv") == 2
    assert "not written by predict.py --out" in capsys.readouterr().err


def test_a_pipe_and_a_device_are_written_to(place, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_text()))
    reader.start()
    assert predict_audio_to(place, tmp_path / "pipe") == 0
    reader.join(timeout=30)
    assert read[0].startswith("fname,")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert predict_audio_to(place, Path(os.devnull)) == 0
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_a_link_to_an_output_stays_a_link(place, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "x.csv").symlink_to(tmp_path / "disk" / "x.csv")
    for _ in range(2):
        assert tag_one(place, "--out", tmp_path / "x.csv") == 0
        assert (tmp_path / "x.csv").is_symlink()
        assert (tmp_path / "disk" / "x.csv").stat().st_size
