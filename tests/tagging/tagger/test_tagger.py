"""The library: the scores that test clips have, calibrated, of files, samples and features."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from scipy.special import expit, logit, softmax

import tagging
from preprocessing.errors import DecodeError
from preprocessing.sound_files import decode
from tagging import Tagger
from tagging.config.load import load_config
from tagging.evaluation.calibration import Calibration, read_calibration, write_calibration
from tagging.inference.errors import TaggerError
from tagging.pipeline.pieces import feature_sequences
from tagging.runs.run import read_run
from tests.tagger_helpers import CLASSES, made_run, scores_as_test_clips, untrained_run

pytestmark = pytest.mark.usefixtures("eagerly")

OF_FEATURES = (
    *("model.name=rnn", "model.rnn_units=4", "model.units=null", "frontend.n_mels=80"),
    *("window.window_s=3.0", "window.hop_s=1.5"),
)


def test_scores_are_those_of_test_clips_at_the_run_s_temperature(tagger, run, audio):
    expected = scores_as_test_clips(audio, run.path)
    assert tuple(expected.columns) == tagger.names
    temperature = read_calibration(run.path).temperature
    assert abs(np.log(temperature)) > 0.05
    for name, row in expected.iterrows():
        at_temperature = expit(logit(row.to_numpy()) / temperature)
        np.testing.assert_allclose(tagger(audio / str(name)).scores, at_temperature, atol=1e-6)
    assert expected.to_numpy().std(axis=0).max() > 1e-3  # the files differ by more than the tolerance


def test_samples_are_tagged_as_the_file_they_are_in(tagger, audio):
    samples, rate_hz = decode(audio / "stereo.mp3")
    np.testing.assert_allclose(
        tagger(samples, rate_hz).scores, tagger(audio / "stereo.mp3").scores, atol=1e-6
    )
    with pytest.raises(TaggerError, match="expected rate_hz"):
        tagger(samples)
    with pytest.raises(TaggerError, match="expected no rate_hz"):
        tagger(audio / "plain.wav", 16_000)


def test_runs_on_offline_features_tag_whole_clips_only(noisy, audio, tmp_path):
    options = ("cleaning.features={name: mel, n_mels: 20, n_fft: 512}", "sequence.max_steps=30")
    config = load_config(noisy[0] / "tiny.yaml", [*OF_FEATURES, *options])
    path = untrained_run(tmp_path / "r", config, CLASSES, pieces=feature_sequences(config.sequence, 20))
    tagger, expected = Tagger.load(path), scores_as_test_clips(audio, path)
    for name, row in expected.iterrows():
        np.testing.assert_allclose(tagger(audio / str(name)).scores, row.to_numpy(), atol=1e-5)
    with pytest.raises(TaggerError, match=r"features of whole clips \(cleaning.features.name=mel\)"):
        tagger.timeline(audio / "plain.wav")


def test_silence_is_refused_by_runs_on_offline_features_too(noisy, tmp_path):
    options = ("cleaning.features={name: mel, n_mels: 20, n_fft: 512}", "cleaning.min_kept_s=0")
    config = load_config(noisy[0] / "tiny.yaml", [*OF_FEATURES, *options])
    path = untrained_run(tmp_path / "r", config, CLASSES, pieces=feature_sequences(config.sequence, 20))
    with pytest.raises(DecodeError, match="only silence"):
        Tagger.load(path)(np.zeros(16_000), 16_000)


def test_one_label_and_values_are_scored_as_the_task_says(noisy, audio, tmp_path):
    path = made_run(noisy, tmp_path / "a", task="multiclass")
    raw = Tagger.load(path)(audio / "plain.wav").scores
    write_calibration(path, Calibration(CLASSES, 0.2, None))
    tagger = Tagger.load(path)
    scores = tagger(audio / "plain.wav").scores
    np.testing.assert_allclose(scores, softmax(np.log(raw) / 0.2), atol=1e-6)
    assert scores.max() > raw.max() + 0.01
    assert scores.sum() == pytest.approx(1)
    np.testing.assert_allclose(tagger.timeline(audio / "plain.wav").scores.sum(axis=1), 1, rtol=1e-6)
    values = Tagger.load(made_run(noisy, tmp_path / "b", task="regression"))
    model = read_run(tmp_path / "b").load_model()
    samples = sf.read(audio / "plain.wav", dtype="float32")[0][None, :16_000]
    np.testing.assert_allclose(values.timeline(audio / "plain.wav").scores[:1], model(samples), atol=1e-5)


def test_floats_of_integer_scale_are_refused_and_slightly_clipped_ones_not(tagger, audio):
    pcm, _ = sf.read(audio / "plain.wav", dtype="int16")
    for whole in (pcm.astype(np.float32), pcm.astype(float) * 2**16, pcm[:, None] / 100):
        with pytest.raises(DecodeError, match=r"full scale 1.0, received a peak of .*: divide"):
            tagger(whole, 16_000)
    loud = np.clip(3 * pcm / np.abs(pcm).max(), -1, 1)
    clipped = tagger(3 * pcm / np.abs(pcm).max(), 16_000).scores
    np.testing.assert_allclose(clipped, tagger(loud, 16_000).scores, atol=1e-6)


def test_audio_that_cannot_be_used_is_an_error_that_says_why(tagger, tmp_path):
    with pytest.raises(DecodeError, match="does not exist"):
        tagger(tmp_path / "nothing.wav")
    with pytest.raises(DecodeError, match="does not exist"):
        tagger.timeline(tmp_path / "nothing.wav")


@pytest.mark.slow
def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, tagging; assert 'tensorflow' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=True)  # noqa: S603
    with pytest.raises(AttributeError, match="nothing"):
        tagging.nothing  # noqa: B018
