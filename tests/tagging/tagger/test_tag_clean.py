"""Files of a clean folder, and of ready-made features: `tag` and `predict.py --audio` take them as they are."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

import predict
from preprocessing.clean import clean_dataset
from preprocessing.errors import DecodeError
from preprocessing.folder import CleanFolderError
from tagging import Tagger
from tagging.config.load import load_config
from tagging.datasets import read_dataset
from tagging.evaluation.calibration import read_calibration
from tagging.inference.errors import TaggerError
from tagging.pipeline.pieces import feature_sequences
from tagging.runs.run import read_run
from tests.tag_command_helpers import refused, tag
from tests.tagger_helpers import scores_as_test_clips, untrained_run

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
    raw = read_dataset(config.dataset).of("test")[:2]
    clean_dataset(raw, tmp_path / "clean", config.cleaning, jobs=1, progress=False)
    found = predicted(tmp_path / "clean" / "test", tmp_path / "p.csv", run)
    expected = scores_as_test_clips(tiny.root / "test", run)[:2]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(
        Tagger.load(run)(tmp_path / "clean/test/" / str(found.index[0])).scores, found.iloc[0], atol=1e-5
    )


def features_run(noisy, folder: Path, stored: str = "") -> Path:
    """Of files of features, five numbers a step."""
    config = load_config(
        noisy[0] / "tiny.yaml", (f"cleaning.features={{name: stored{stored}}}", *OF_FEATURES[1:])
    )
    return untrained_run(folder, config, CLASSES, pieces=feature_sequences(config.sequence, 5))


def test_files_of_ready_made_features_are_taken_raw_and_clean(noisy, tmp_path, capsys):
    run = features_run(noisy, tmp_path / "r", ", transpose: true, bands: [1, 6]")
    (tmp_path / "raw").mkdir()
    for name, shape in (("a.npy", (8, 70)), ("b.npy", (8, 3)), ("bad.npy", (4, 3))):
        np.save(tmp_path / "raw" / name, np.random.default_rng(0).normal(size=shape))
    clips = pd.DataFrame([(path.name, path, "test") for path in sorted((tmp_path / "raw").iterdir())])
    cleaning = read_run(run).config.cleaning
    clean_dataset(
        clips.set_axis(["fname", "path", "split"], axis=1), tmp_path / "clean", cleaning, progress=False
    )
    raw, out = tmp_path / "raw", tmp_path / "p.csv"
    assert predict.main(["--runs", str(run), "--audio", str(raw), "--out", str(out), "--jobs", "1"]) == 1
    assert "1 of 3 files could not be used: bad.npy (expected 6 bands or more" in capsys.readouterr().err
    expected = pd.read_csv(out).set_index("fname")
    assert list(expected.index) == ["a.npy", "b.npy"]
    model, steps = read_run(run).load_model(), np.load(raw / "b.npy").T[:, 1:6]
    np.testing.assert_allclose(expected.loc["b.npy"], expit(model(steps[None].astype("f")))[0], atol=1e-6)
    clean = predicted(tmp_path / "clean" / "test", tmp_path / "c.csv", run)
    np.testing.assert_allclose(clean, expected, atol=1e-6)
    assert tag(raw, "--run", run, "--format", "csv", "--out", tmp_path / "tags.csv") == 1
    table = pd.read_csv(tmp_path / "tags.csv").pivot_table(index="fname", columns="label", values="score")
    np.testing.assert_allclose(table, expected, atol=1e-6)
    with pytest.raises(TaggerError, match="expected a file of features"):
        Tagger.load(run)(np.zeros(16_000), 16_000)


def test_features_of_another_width_are_a_bad_file(noisy, tmp_path):
    run = features_run(noisy, tmp_path / "r")
    np.save(tmp_path / "a.npy", np.zeros((30, 6)))
    with pytest.raises(DecodeError, match=f"expected features of 5 bands, as {run} takes them, received 6"):
        Tagger.load(run)(tmp_path / "a.npy")


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
