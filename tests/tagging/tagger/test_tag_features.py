"""Files with the features of consecutive clips, as the seconds of a song: as a whole, and over time."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from scipy.special import softmax

import predict
from preprocessing.errors import DecodeError
from tagging import Tagger
from tagging.config.load import load_config
from tagging.inference.errors import TaggerError
from tagging.pipeline.pieces import feature_sequences
from tagging.runs.run import read_run
from tests.tag_command_helpers import tag
from tests.tagger_helpers import untrained_run

pytestmark = pytest.mark.usefixtures("eagerly")

CLASSES = ("blues", "pop", "rock")
SONG = np.random.default_rng(0).normal(0, 3, (40, 21, 12)).astype("f")
CNN = "model: {name: cnn2d, filters: [4], units: [4], dropout: 0, input_norm: false}"
MLP = "model: {name: mlp, units: [4], dropout: 0, input_norm: false}"


def make_run(folder, steps: int, bands: int, model: str, more: str = ""):
    (folder / "c.yaml").write_text(
        f"cleaning: {{features: {{name: stored{more}}}}}\nsequence: {{max_steps: {steps}, fixed: true}}\n"
        f"{model}\nstages: {{train: {{sources: [train]}}}}"
    )
    config = load_config(folder / "c.yaml")
    pieces = feature_sequences(config.sequence, bands)
    return untrained_run(folder / "run", config, CLASSES, "multiclass", pieces)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("run"), 21, 12, CNN)


@pytest.fixture
def song(tmp_path):
    np.save(tmp_path / "melgrams.npy", SONG)
    return tmp_path / "melgrams.npy"


def scores_of(run, clips: np.ndarray) -> np.ndarray:
    return softmax(np.asarray(read_run(run).load_model()(clips), float), axis=1)


def test_each_second_has_its_scores(run, song, tmp_path):
    out, plot = tmp_path / "s.csv", tmp_path / "s.png"
    assert tag(song, "--run", run, "--timeline", "--out", out, "--plot", plot) == 0
    windows = pd.read_csv(tmp_path / "s.windows.csv")
    assert list(windows["start_s"]) == list(range(40))
    assert list(windows["end_s"]) == list(range(1, 41))
    np.testing.assert_allclose(windows[list(CLASSES)], scores_of(run, SONG), atol=1e-5)
    segments = pd.read_csv(out)
    labels = [segments["label"][segments["start_s"] <= second].iloc[-1] for second in range(40)]
    assert labels == [CLASSES[k] for k in scores_of(run, SONG).argmax(axis=1)]
    assert imread(plot).shape[1] > 800


@pytest.mark.parametrize("second", [SONG[:1], SONG[0]])
def test_a_song_of_one_second(run, tmp_path, second):
    np.save(tmp_path / "one.npy", second)
    timeline = Tagger.load(run).timeline(tmp_path / "one.npy")
    np.testing.assert_allclose(timeline.scores, scores_of(run, SONG[:1]), atol=1e-5)
    assert timeline.ends_s.tolist() == [1]


def test_seconds_may_be_others(run, song):
    timeline = Tagger.load(run).timeline(song, window_s=2.0, hop_s=0.5, embed=True)
    assert timeline.starts_s[:3].tolist() == [0, 0.5, 1.0]
    assert timeline.ends_s[:3].tolist() == [2, 2.5, 3.0]
    assert timeline.embeddings.shape == (40, 4)
    with pytest.raises(TaggerError, match="expected hop_s above 0"):
        Tagger.load(run).timeline(song, hop_s=0)


def test_the_whole_song_has_the_mean_of_its_seconds(run, song, tmp_path, capsys):
    out, expected = tmp_path / "p.csv", scores_of(run, SONG).mean(axis=0)
    assert predict.main(["--runs", str(run), "--audio", str(song), "--out", str(out), "--jobs", "1"]) == 0
    row = pd.read_csv(out).set_index("fname").loc["melgrams.npy", list(CLASSES)]
    np.testing.assert_allclose(row.to_numpy(float), expected, atol=1e-5)
    np.testing.assert_allclose(Tagger.load(run)(song).scores, expected, atol=1e-5)


def test_vectors_of_consecutive_clips(tmp_path):
    run, vectors = make_run(tmp_path, 1, 26, MLP), SONG.reshape(40, -1)[:, :26]
    np.save(tmp_path / "mfccs.npy", vectors)
    timeline = Tagger.load(run).timeline(tmp_path / "mfccs.npy")
    np.testing.assert_allclose(timeline.scores, scores_of(run, vectors[:, None]), atol=1e-5)


def test_clips_are_cut_and_turned_as_in_training(tmp_path):
    run = make_run(tmp_path, 21, 5, CNN, ", transpose: true, bands: [2, 7]")
    np.save(tmp_path / "s.npy", SONG.swapaxes(1, 2))
    timeline = Tagger.load(run).timeline(tmp_path / "s.npy")
    np.testing.assert_allclose(timeline.scores, scores_of(run, SONG[:, :, 2:7]), atol=1e-5)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (
            SONG[0, :20],
            "expected several clips of at most 21 steps .*, or one of 21 steps, received 1 of 20 steps",
        ),
        (np.concatenate([SONG, SONG], axis=1), "received 40 of 42 steps"),
        (
            SONG.swapaxes(1, 2),
            r"of 12 bands, .* received 21; .* are \(clips, steps, bands\): swap the last two",
        ),
        (SONG[..., :7], "expected features of 12 bands, as .* takes them, received 7"),
        (SONG[:0], r"values, received shape \(0, 21, 12\)"),
        (SONG[None], r"expected .* \(clips, steps, bands\), received shape \(1, 40, 21, 12\)"),
        (np.where(SONG > 8, np.nan, SONG), "expected finite features"),
    ],
)
def test_other_files_are_refused(run, tmp_path, array, words):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(DecodeError, match=words) as error:
        Tagger.load(run).timeline(tmp_path / "a.npy")
    assert "\n" not in str(error.value)


def test_samples_are_no_features(run):
    with pytest.raises(TaggerError, match="expected a file of features"):
        Tagger.load(run).timeline(np.zeros(16_000), 16_000)
