"""How much of a file has been read, and how much of it was there."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from tagging.config.load import load_config
from tagging.tagger import progress
from tests.tag_command_helpers import RATE_HZ, tag, tone
from tests.tagger_helpers import untrained_run

pytestmark = pytest.mark.usefixtures("eagerly")

MODES = ([], ["--timeline"])


@pytest.fixture(scope="module")
def run(noisy, tmp_path_factory) -> Path:
    config = load_config(noisy[0] / "tiny.yaml", ["cleaning.remove_silence=false"])
    return untrained_run(tmp_path_factory.mktemp("untrained") / "run", config, tuple("abc"))


def tagged(capsys, path: Path, run: Path, *options: str) -> list[str]:
    """What is said on stderr of a file that is usable."""
    assert tag(path, "--run", run, "--format", "jsonl", *options) == 0
    done = capsys.readouterr()
    lines, found = done.err.splitlines(), json.loads(done.out)
    assert found["fname"] == str(path)
    assert lines in ([], [f"{path}: {found.get('warning')}"]) or "--timeline" in options
    return lines


@pytest.mark.parametrize("mode", MODES)
def test_a_file_cut_short_is_tagged_and_said_to_be(run, tmp_path, capsys, mode):
    path = tmp_path / "cut.wav"
    sf.write(path, tone("low", 5.0, 0), RATE_HZ)
    assert tagged(capsys, path, run, *mode) == []
    path.write_bytes(path.read_bytes()[: 44 + 2 * round(0.34 * RATE_HZ)])
    assert tagged(capsys, path, run, *mode) == [f"{path}: heard 0.340 of 5.000 s: truncated"]


@pytest.mark.parametrize("mode", MODES)
def test_so_is_an_mp3_whose_header_alone_is_whole(run, tmp_path, capsys, mode):
    path = tmp_path / "cut.mp3"
    sf.write(path, tone("low", 5.0, 0, 16_000), 16_000)
    assert tagged(capsys, path, run, *mode) == []
    path.write_bytes(path.read_bytes()[:6_000])
    (line,) = tagged(capsys, path, run, *mode)
    assert line.startswith(f"{path}: heard ")
    assert "of 5.000 s" in line


def test_a_terminal_shows_how_much_of_a_long_file_is_done(run, tmp_path, monkeypatch, capsys):
    path = tmp_path / "a.wav"
    sf.write(path, np.zeros(20 * RATE_HZ), RATE_HZ)
    assert tagged(capsys, path, run, "--timeline") == []  # no terminal
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(progress, "DELAY_S", 0)
    shown_there = "\n".join(tagged(capsys, path, run, "--timeline"))
    assert "a.wav:   0%" in shown_there
    assert "/20 [" in shown_there
    assert tagged(capsys, path, run) == []  # a whole clip is not done when it has been read
