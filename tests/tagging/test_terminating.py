"""SIGTERM while a file of hours is read: no command waits for its end."""

import os
import signal
import time
import wave
from pathlib import Path
from threading import Timer
from types import SimpleNamespace

import pandas as pd
import pytest

from preprocessing.hashes import XXH3
from preprocessing.settings import CleaningSettings
from preprocessing.sound_files import FileSound
from tagging import cli
from tagging.cli import running
from tagging.config.schema import Config
from tagging.doctor.survey import _examined
from tagging.tagger.spread import Spread, outputs_of_each

RATE_HZ, HOURS = 8_000, 6
SETTINGS = CleaningSettings()


@pytest.fixture
def long_file(tmp_path) -> Path:
    """Silence that takes no room on the disk."""
    path, data_bytes = tmp_path / "long.wav", 2 * RATE_HZ * HOURS * 3_600
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes(b"")
    head = bytearray(path.read_bytes())
    head[4:8], head[40:44] = (size.to_bytes(4, "little") for size in (data_bytes + 36, data_bytes))
    path.write_bytes(head)
    os.truncate(path, len(head) + data_bytes)
    return path


def tag(path: Path) -> None:
    network = SimpleNamespace(run=SimpleNamespace(config=Config(cleaning=SETTINGS)), sees=None)
    next(outputs_of_each([network], [FileSound(path)] * 4, Spread(2)))


def examine(path: Path) -> None:
    _examined(pd.DataFrame({"split": "train", "fname": path.name, "path": [path] * 4}), SETTINGS, XXH3, 2)


@pytest.mark.parametrize("work", [tag, examine])
def test_sigterm_ends_it_at_once(long_file, capsys, work):
    before, parser = time.monotonic(), cli.make_parser("Reads.")
    timer = Timer(0.5, os.kill, [os.getpid(), signal.SIGTERM])
    timer.start()
    try:
        code = running.run(lambda args: work(long_file), parser, [], interrupted="run it again")
    finally:
        timer.cancel()  # a signal that comes later would end the tests
    timer.join()
    assert code == 143
    assert time.monotonic() - before < 2.5
