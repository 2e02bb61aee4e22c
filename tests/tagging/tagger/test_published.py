"""Tags before any training: the published AudioSet network in place of a run."""

from pathlib import Path

import keras
import numpy as np
import pytest
import soundfile as sf

from models.mn import SILENCE
from tagging import Tagger
from tagging.frontend.mn_log_mel import MnLogMel
from tagging.inference.errors import TaggerError
from tagging.runs.run import RunError
from tests.tag_command_helpers import refused, tag

RATE_HZ = 32_000
NOISE = (
    np.random.default_rng(0).uniform(-0.5, 0.5, round(7.68 * RATE_HZ)).astype("f")
)  # windows at 0 and 2.56 s


@pytest.fixture(scope="module")
def tagger(weights) -> Tagger:
    return Tagger.load("audioset", weights=weights)


def probabilities(model: keras.Model, *waves: np.ndarray) -> np.ndarray:
    """Of windows that the network sees by itself, as 16-bit audio."""
    pcm = np.round(np.stack(waves) * 32768).astype("f") / 32768
    return 1 / (1 + np.exp(-np.asarray(model(MnLogMel()(pcm) + SILENCE), np.float64)))


def test_it_knows_the_classes_of_audioset(tagger):
    assert len(set(tagger.names)) == 527
    assert (tagger.names[0], tagger.names[72], tagger.names[-1]) == ("Speech", "Animal", "Field recording")
    assert (tagger.task, tagger.rate_hz) == ("multilabel", RATE_HZ)
    assert (tagger.thresholds == 0.5).all()


def test_a_clip_is_the_mean_of_its_windows(tagger, whole):
    tags, length = tagger(NOISE, RATE_HZ), round(5.12 * RATE_HZ)
    both = probabilities(whole, NOISE[:length], NOISE[-length:])
    np.testing.assert_allclose(tags.scores, both.mean(axis=0), atol=2e-3)
    assert tags.embedding.shape == (384,)


def test_a_timeline_of_windows_of_any_length(tagger, whole):
    timeline = tagger.timeline(NOISE, RATE_HZ, window_s=1.0, hop_s=1.0, embed=True)
    expected = probabilities(whole, NOISE[:RATE_HZ], NOISE[-RATE_HZ:])
    np.testing.assert_allclose(timeline.scores[[0, -1]], expected, atol=2e-3)
    assert timeline.embeddings.shape == (8, 384)


def test_without_a_network_one_line_says_what_to_do(tmp_path, monkeypatch, capsys):
    def get_file(*_: object, **__: object) -> None:
        print("Downloading data")
        raise OSError("no route to host")

    monkeypatch.setattr(keras.utils, "get_file", get_file)
    with pytest.raises(TaggerError, match=r"no route to host.* --weights FILE .*weights=FILE") as error:
        Tagger.load("audioset")
    assert "\n" not in str(error.value)
    assert "model.weights" not in str(error.value)
    assert capsys.readouterr() == ("", "Downloading data\n")
    (tmp_path / "text").write_text("no weights")
    with pytest.raises(
        TaggerError, match=r"^--weights: \S*text does not hold the weights of mn of width 0\.4"
    ):
        Tagger.load("audioset", weights=tmp_path / "text")
    with pytest.raises(TaggerError, match=r"^--weights: expected .*nowhere\.pt: no such file$"):
        Tagger.load("audioset", weights=tmp_path / "nowhere.pt")


def test_a_folder_of_that_name_is_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in ("./audioset", Path("audioset")):
        with pytest.raises(RunError, match="expected a run folder, received audioset"):
            Tagger.load(path)


def test_the_command_needs_no_run(tmp_path, monkeypatch, weights, tagger, capsys):
    monkeypatch.chdir(tmp_path)
    sf.write("a.wav", NOISE, RATE_HZ)
    assert tag("a.wav", "--weights", weights, "--format", "csv", "--top", 1) == 0
    (label, _), *_ = tagger(Path("a.wav")).top(1)
    assert label in capsys.readouterr().out
    assert "--weights applies to the published network" in refused(
        capsys, "a.wav", "--run", ".", "--weights", weights
    )
