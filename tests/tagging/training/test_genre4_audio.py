"""The four-genres configs on audio, on a small tree: from class folders to the genre of a song, second by second."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

import predict
import preprocess
import train
from tagging.__main__ import main as tagging

CONFIGS = Path(__file__).parents[3] / "configs" / "genre4"
RATE_HZ = 22_050
PITCH_HZ = {"blues": 200, "classical": 800, "pop": 2000, "rock": 5000}


def tone(genre: str, seconds: float, seed: int) -> np.ndarray:
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(seed).normal(0, 0.01, len(t))
    return 0.3 * np.sin(2 * np.pi * PITCH_HZ[genre] * t) + noise


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> list[str]:
    """Eight files of each genre, cleaned, and a song of two genres."""
    folder = tmp_path_factory.mktemp("genres")
    for genre in PITCH_HZ:
        (folder / "data" / genre).mkdir(parents=True)
        for number in range(8):
            path = folder / "data" / genre / f"{genre}.{number}.wav"
            sf.write(path, tone(genre, 1.5, number), RATE_HZ)
    sf.write(folder / "song.wav", np.concatenate([tone("pop", 2, 8), tone("blues", 3, 9)]), RATE_HZ)
    places = [f"dataset.root={folder}/data", f"clean_dir={folder}/clean"]
    config = str(CONFIGS / "cnn_audio.yaml")
    assert preprocess.main(["--config", config, "--jobs", "1", *places]) == 0
    return places


SMALL = {
    "cnn_audio": ["model.units=[16]", "model.filters=[2,4,4,4]", "train.epochs=12"],
    "feed_forward_audio": ["model.units=[16]", "train.epochs=20", "train.keep=last"],
}


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("name", SMALL)
def test_a_song_is_followed_second_by_second(name, places, tmp_path, capsys):
    config = ["--config", str(CONFIGS / f"{name}.yaml"), "--jobs", "1", *places, f"run_dir={tmp_path}/runs"]
    assert train.main([*config, *SMALL[name], "train.learning_rate=2e-2"]) == 0
    assert predict.main([*config, "--out", str(tmp_path / "out.csv"), "--report"]) == 0
    song, plot = Path(places[0].partition("=")[2]).parent / "song.wav", tmp_path / "song.png"
    capsys.readouterr()
    arguments = ["tag", str(song), "--run", f"{tmp_path}/runs/train", "--timeline", "--format", "json"]
    assert tagging([*arguments, "--plot", str(plot)]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert [window["end_s"] - window["start_s"] for window in found["windows"]] == [1.0] * 5
    labels = [found["classes"][int(np.argmax(window["scores"]))] for window in found["windows"]]
    assert labels == ["pop", "pop", "blues", "blues", "blues"]
    assert plot.stat().st_size > 1000
