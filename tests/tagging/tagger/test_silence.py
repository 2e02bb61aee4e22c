"""Silence has no tags: digital silence, what is quieter than a run's training clips, and what only padding fills."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from tagging import Tagger
from tagging.inference.levels import HIGHEST_FLOOR_DB, level_db, training_floor_db
from tagging.pipeline.pieces import AudioWindows
from tagging.runs.run import read_run
from tests.tag_command_helpers import tag
from tests.tagger_helpers import made_run, scores_as_test_clips

pytestmark = pytest.mark.usefixtures("eagerly")

ROOT = Path(__file__).parents[3]
RATE_HZ = 16_000
RNG = np.random.default_rng(0)
SECOND = np.clip(RNG.normal(0, 0.1, RATE_HZ), -1, 1)  # -20 dB
NOTHING = np.zeros(2 * RATE_HZ)
WHISPER = RNG.normal(0, 10 ** (-90 / 20), 2 * RATE_HZ)  # -90 dB: one unit of int16 and its rounding


def test_levels_take_no_threads_but_their_own():
    """Those of a BLAS would spin on the cores of others; without the limit that commands set."""
    program = (
        "import time\nimport numpy as np\nfrom tagging.inference.levels import level_db\n"
        "wave = np.ones(1_000_000, np.int16)\nlevel_db(wave)\n"
        "mine, all_of_it = time.thread_time(), time.process_time()\n"
        "for _ in range(100):\n    level_db(wave)\n"
        "print((time.process_time() - all_of_it) / (time.thread_time() - mine))"
    )
    free = {key: value for key, value in os.environ.items() if not key.endswith("_NUM_THREADS")}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], cwd=ROOT, env=free, capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 1.2


@pytest.fixture
def files(tmp_path) -> Path:
    sounds = {"nothing": NOTHING, "whisper": WHISPER, "half": np.concatenate([NOTHING, SECOND, SECOND])}
    (tmp_path / "audio").mkdir()
    for name, samples in sounds.items():
        sf.write(tmp_path / "audio" / f"{name}.wav", samples, RATE_HZ)
    return tmp_path / "audio"


def written(capsys, *arguments: object) -> list[dict]:
    assert tag(*arguments, "--format", "json") == 0
    return json.loads(capsys.readouterr().out)


def test_the_level_is_that_of_a_sine():
    sine = 32_767 * np.sin(np.arange(16_000) * 2 * np.pi / 40)
    assert level_db(np.rint(sine).astype(np.int16)) == pytest.approx(-3.01, abs=0.01)
    assert level_db(np.full(10, -32_768, np.int16)) == 0
    assert level_db(np.zeros(10, np.int16)) == -np.inf


def test_the_floor_is_that_of_the_quietest_training_windows(tmp_path):
    """100 clips of a window, from -100 dB up; the first is digital silence, and does not count."""
    levels = np.linspace(-100, -20, 100)
    for number, level in enumerate(levels):
        samples = np.full(1_000, round(10 ** (level / 20) * 32_768) if number else 0, "<i2")
        (tmp_path / f"{number}.wav").write_bytes(bytes(44) + samples.tobytes())
    paths = [tmp_path / f"{number}.wav" for number in range(100)]
    assert training_floor_db(paths[60:], AudioWindows(1_000, 500)) == HIGHEST_FLOOR_DB
    assert -90.4 <= training_floor_db(paths, AudioWindows(1_000, 500)) <= -84
    assert training_floor_db(paths[:1], AudioWindows(1_000, 500)) is None


def test_a_trained_run_knows_its_floor(noisy, tagger):
    assert read_run(noisy[1]).info["floor_db"] == tagger.floor_db <= HIGHEST_FLOOR_DB


def test_silence_has_no_tags_and_the_output_says_so(noisy, tagger, files, capsys):
    half, nothing, whisper = written(capsys, files, "--run", noisy[1])
    assert "silent" not in half
    assert len(half["tags"]) == 5
    for record in (nothing, whisper):
        assert (record["tags"], record["silent"]) == ([], True)
    tags = tagger(files / "whisper.wav")
    assert tags.silent
    assert tags.top() == []
    assert not tags.scores.any()
    assert tag(files / "nothing.wav", "--run", noisy[1]) == 0
    assert capsys.readouterr().out.split()[-1] == "silent"


def test_a_half_silent_file_has_segments_in_its_other_half_alone(noisy, files, capsys):
    options = ("--run", noisy[1], "--timeline", "--window-s", 0.5, "--hop-s", 0.5, "--threshold", 0)
    record = written(capsys, files / "half.wav", *options)[0]
    assert [window.get("silent", False) for window in record["windows"]] == [True] * 4 + [False] * 4
    assert not np.any([window["scores"] for window in record["windows"][:4]])
    assert {(segment["start_s"], segment["end_s"]) for segment in record["segments"]} == {(2.0, 4.0)}
    assert "silent" not in record
    record = written(capsys, files / "nothing.wav", *options)[0]
    assert (record["silent"], record["segments"]) == (True, [])
    assert tag(files / "nothing.wav", *options) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "  silent"


def test_smoothing_does_not_carry_tags_into_silence(tagger, files):
    timeline = tagger.timeline(files / "half.wav", window_s=0.5, hop_s=0.5).smoothed(2.0)
    assert not timeline.scores[:4].any()
    assert timeline.segments(0.0)[0].start_s == 2.0


def test_a_run_without_a_floor_knows_digital_silence_alone(noisy, files, tmp_path):
    for task in ("multilabel", "multiclass"):
        tagger = Tagger.load(made_run(noisy, tmp_path / task, task=task))
        assert tagger.floor_db == -np.inf
        assert tagger(files / "nothing.wav").silent
        assert tagger.timeline(files / "nothing.wav").segments() == []
        assert not tagger(files / "whisper.wav").silent
        tagger.floor_db = -80.0
        assert tagger(files / "whisper.wav").silent


def test_padding_makes_no_clip_silent_and_has_no_time(noisy, tmp_path):
    """A hundredth of a window at -70 dB is -90 dB with its padding."""
    tagger = Tagger.load(made_run(noisy, tmp_path / "r", "window.short=pad", "cleaning.remove_silence=false"))
    tagger.floor_db = -80.0
    short = (SECOND[:160] * 10 ** (-50 / 20)).astype(np.float32)
    assert not tagger(short, RATE_HZ).silent
    timeline = tagger.timeline(short, RATE_HZ)
    assert not timeline.is_silent.any()
    assert {segment.end_s for segment in timeline.segments(0.0)} == {0.01}


def test_values_of_silence_stay(noisy, tmp_path):
    tagger = Tagger.load(made_run(noisy, tmp_path / "r", task="regression"))
    tagger.floor_db = 0.0
    tags = tagger(SECOND, RATE_HZ)
    assert not tags.silent
    assert tags.scores.any()
    assert len(tags.top(3)) == 3


def test_predictions_of_silence_are_what_they_were(noisy, files, tmp_path):
    import predict

    out = tmp_path / "p.csv"
    arguments = ["--runs", str(noisy[1]), "--audio", str(files), "--out", str(out), "--jobs", "1"]
    assert predict.main(arguments) == 0
    found = pd.read_csv(out).set_index("fname")
    pd.testing.assert_frame_equal(found, scores_as_test_clips(files, noisy[1]), atol=1e-6)
    assert (found.to_numpy() > 0).all()
