"""Files that are meant to keep a decoder busy: it stops where nobody waits for it, and refuses what has no end."""

import io
import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from foundation.workers import Stopped, stopped_by
from preprocessing.errors import DecodeError, NoSoundError
from preprocessing.sound_files import FileSound, decode

NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, 4_000)
AUDIO_OF_A_SECOND = '{"streams": [{"duration": "1.0"}], "format": {"format_name": "aac", "nb_streams": 1}}'


def encoded(kind: str, rate_hz: int = 8_000) -> bytes:
    file = io.BytesIO()
    sf.write(file, NOISE, rate_hz, format=kind)
    return file.getvalue()


def stopped_after(path: Path, seconds: float) -> float:
    """Seconds that it takes to give up a file that is unwanted after a while."""
    stop, begin = threading.Event(), time.monotonic()
    timer = threading.Timer(seconds, stop.set)
    timer.start()
    with stopped_by(stop), pytest.raises(Stopped):
        decode(path)
    timer.join()
    return time.monotonic() - begin


@pytest.mark.parametrize("hanging", ["ffprobe", "ffmpeg"])
def test_a_program_that_hangs_is_killed(tmp_path, monkeypatch, hanging):
    """Both are scripts here; the one that hangs leaves its number."""
    for name in ("ffprobe", "ffmpeg"):
        ends = f"print('{AUDIO_OF_A_SECOND}')"
        hangs = f"import os, time; open('{tmp_path}/pid', 'w').write(str(os.getpid())); time.sleep(60)"
        script = tmp_path / name
        script.write_text(f"#!{sys.executable} -S\n{hangs if name == hanging else ends}\n")
        script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "clip").write_bytes(np.random.default_rng(1).bytes(5_000))
    assert stopped_after(tmp_path / "clip", 0.5) < 10
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_bytes_that_look_like_the_start_of_frames(tmp_path):
    path = tmp_path / "clip.mp3"
    path.write_bytes(encoded("MP3", 44_100) + b"\xff" * 20_000_000)
    assert stopped_after(path, 0.2) < 5


@pytest.mark.parametrize(
    "start", [b"fLaC\0\0\0\x22", b"OggS\0\2", b"RIFF\x04\0\0\0WAVE"], ids=["FLAC", "Ogg", "WAV"]
)
def test_more_streams_than_a_recording_has(tmp_path, start):
    path = tmp_path / "clip"
    path.write_bytes(start * 10_010)
    with pytest.raises(DecodeError, match="received more than 10000 that were joined"):
        decode(path)


def test_empty_chunks_are_gone_through_once(tmp_path):
    path = tmp_path / "clip.wav"
    path.write_bytes(encoded("WAV")[:36] + b"data\0\0\0\0" * 20_000)
    with pytest.raises(NoSoundError):
        decode(path)


def test_a_warning_does_not_list_every_stream(tmp_path):
    path = tmp_path / "clip.flac"
    path.write_bytes(encoded("FLAC") + 5 * encoded("FLAC", 11_025))
    sound = FileSound(path)
    list(sound.blocks())
    assert sound.warning.count("has another rate") == 3
    assert sound.warning.endswith("and 2 more")
