"""What several tests of taggers share: a run with audio for it, and the published network."""

from pathlib import Path

import keras
import numpy as np
import pytest
import soundfile as sf

from models.mn import make_mn
from preprocessing.sound_files import decode
from tagging import Tagger
from tagging.runs.run import Run, read_run


@pytest.fixture(scope="package")
def run(noisy) -> Run:
    return read_run(noisy[1])


@pytest.fixture(scope="package")
def tagger(run) -> Tagger:
    return Tagger.load(run.path)


@pytest.fixture(scope="package")
def audio(tiny, tmp_path_factory) -> Path:
    """A folder of files of all kinds; one shorter than a window, one with long silences."""
    folder = tmp_path_factory.mktemp("audio")
    clips = [decode(path)[0][:, 0] for path in sorted((tiny.root / "test").iterdir())[:3]]
    sf.write(folder / "plain.wav", clips[0], 16_000)
    sf.write(folder / "short.flac", clips[1][:9_000], 16_000)
    sf.write(folder / "stereo.mp3", np.stack([clips[2], 0.5 * clips[2]], axis=1), 44_100)
    pause = np.zeros(48_000)
    sf.write(folder / "long.wav", np.concatenate([clips[0], pause, clips[1], pause, clips[2]]), 16_000)
    return folder


@pytest.fixture(scope="package")
def whole() -> keras.Model:
    """The published network with random weights, and biases that set the classes apart."""
    keras.utils.set_random_seed(1)
    model = make_mn(0.4)
    model.get_layer("logits").bias.assign(np.random.default_rng(1).normal(-3, 2, 527))
    return model


@pytest.fixture(scope="package")
def weights(whole, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("published") / "mn.weights.h5"
    whole.save_weights(path)
    return path
