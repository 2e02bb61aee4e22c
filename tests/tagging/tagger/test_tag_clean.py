"""Files of a clean folder, which `predict.py --audio` takes as they are, are tagged as they are."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

import predict
from preprocessing.clean import clean_dataset
from preprocessing.folder import CleanFolderError
from tagging import Tagger
from tagging.config.load import load_config
from tagging.datasets.sources import audio_source
from tagging.evaluation.calibration import read_calibration
from tagging.pipeline.pieces import feature_sequences
from tests.tag_command_helpers import refused, tag
from tests.tagger_helpers import untrained_run

pytestmark = pytest.mark.usefixtures("eagerly")

CLASSES = tuple("abc")
OF_FEATURES = (
    *("cleaning.features={name: mel, n_mels: 20, n_fft: 512}", "sequence.max_steps=30", "frontend.n_mels=80"),
    *("model.name=rnn", "model.rnn_units=4", "model.units=null", "window.window_s=3.0", "window.hop_s=1.5"),
)


def predicted(audio: Path, out: Path, run: Path) -> pd.DataFrame:
    assert predict.main(["--runs", str(run), "--audio", str(audio), "--out", str(out), "--jobs", "1"]) == 0
    return pd.read_csv(out).set_index("fname")


def test_scores_are_those_of_predict_but_for_the_temperature(tiny, noisy, tmp_path, capsys):
    folder = tiny.clean / "test"
    expected = predicted(folder, tmp_path / "p.csv", noisy[1])
    by_predict = expit(logit(expected.to_numpy()) / read_calibration(noisy[1]).temperature)
    tagger = Tagger.load(noisy[1])
    paths = [folder / name for name in expected.index]
    found = np.array([tags.scores for _, tags in tagger.each(paths, jobs=2)])
    np.testing.assert_allclose(found, by_predict, atol=1e-6)
    np.testing.assert_allclose(tagger(paths[0]).scores, by_predict[0], atol=1e-6)
    out = tmp_path / "tags.csv"
    assert tag(folder, "--run", noisy[1], "--format", "csv", "--threshold", 0, "--out", out) == 0
    table = pd.read_csv(out).pivot_table(index="fname", columns="label", values="score")
    np.testing.assert_allclose(table.loc[map(str, paths), list(expected.columns)], by_predict, atol=1e-6)


def test_features_of_a_clean_folder_are_taken_too(tiny, noisy, tmp_path):
    config = load_config(noisy[0] / "tiny.yaml", OF_FEATURES)
    run = untrained_run(tmp_path / "r", config, CLASSES, pieces=feature_sequences(config.sequence, 20))
    raw = audio_source(tiny.root / "test").clips[:2]
    clean_dataset(raw, tmp_path / "clean", config.cleaning, jobs=1, progress=False)
    tagger, expected = Tagger.load(run), predicted(tmp_path / "clean", tmp_path / "p.csv", run)
    for name, row in expected.iterrows():
        np.testing.assert_allclose(tagger(tmp_path / "clean" / str(name)).scores, row, atol=1e-5)


def test_a_folder_of_other_rules_is_refused_for_whole_clips_as_predict_does(tiny, noisy, tmp_path, capsys):
    run = untrained_run(
        tmp_path / "r", load_config(noisy[0] / "tiny.yaml", ["cleaning.min_kept_s=0"]), CLASSES
    )
    path = next((tiny.clean / "test").iterdir())
    with pytest.raises(CleanFolderError, match=r"min_kept_s is .* there, 0.0"):
        Tagger.load(run)(path)
    out = tmp_path / "tags.csv"
    assert tag(path, "--run", run, "--timeline", "--out", out) == 0
    old = out.read_text()
    assert "min_kept_s" in refused(capsys, tiny.root / "test", path, "--run", run, "--out", out)
    assert out.read_text() == old
    assert tag(path, "--run", run, "--timeline", "--out", out) == 0, "the file as it is"
    shutil.copy(path, tmp_path / "raw.wav")
    assert tag(tmp_path / "raw.wav", "--run", run, "--out", out) == 0
