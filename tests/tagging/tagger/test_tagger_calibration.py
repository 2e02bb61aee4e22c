"""A tagger's probabilities are calibrated, and its thresholds are on their scale: of one run and of several."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from scipy.special import expit, logit

from tagging import Tagger
from tagging.evaluation.calibration import Calibration, CalibrationError, write_calibration
from tagging.evaluation.task_kinds import KINDS
from tagging.runs.folds import fold_dir, write_folds
from tests.tag_command_helpers import tag
from tests.tagger_helpers import CLASSES, made_run

pytestmark = pytest.mark.usefixtures("eagerly")

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    """Four seconds of noise that gets lower."""
    rng = np.random.default_rng(0)
    return np.concatenate(
        [np.convolve(rng.normal(0, 0.1, RATE_HZ), np.ones(n) / n, "same") for n in (1, 4, 16, 64)]
    )


def calibrated(noisy, folder: Path, temperature: float, thresholds=None, **options) -> Path:
    """An untrained run with a calibration; the seed is that of the temperature."""
    path = made_run(noisy, folder, f"seed={round(10 * temperature)}", **options)
    write_calibration(path, Calibration(CLASSES, temperature, thresholds))
    return path


def test_thresholds_are_the_run_s_own_and_decide_as_in_its_report(noisy, samples, tmp_path):
    path = made_run(noisy, tmp_path / "run")
    raw = Tagger.load(path)
    assert raw.thresholds.tolist() == [0.5] * 3
    logits = logit(raw.timeline(samples, RATE_HZ, hop_s=0.25).scores.astype(float))
    wanted = expit(np.median(logits, axis=0) / 2.5 + 1e-3)
    calibration = Calibration(CLASSES, 2.5, tuple(wanted))
    write_calibration(path, calibration)
    found = Tagger.load(path).timeline(samples, RATE_HZ, hop_s=0.25)
    probabilities = calibration.probabilities(KINDS["multilabel"], logits)
    np.testing.assert_allclose(found.scores, probabilities, atol=1e-6)
    np.testing.assert_allclose(found.thresholds, wanted)
    np.testing.assert_array_equal(found.is_there(), probabilities >= wanted)
    assert 0 < found.is_there().mean() < 1


def test_a_clip_has_the_labels_that_reach_the_run_s_thresholds(noisy, samples, tmp_path, capsys):
    path = made_run(noisy, tmp_path / "run")
    low, high = (Tagger.load(path)(samples, RATE_HZ).scores + 1e-3 * sign for sign in (-1, 1))
    write_calibration(path, Calibration(CLASSES, 1.0, (low[0], high[1], low[2])))
    tagger = Tagger.load(path)
    tags = tagger(samples, RATE_HZ)
    assert sorted(label for label, _ in tags.present()) == ["a", "c"]
    assert repr(tagger) == f"Tagger({path}: multilabel, 3 classes)"
    sf.write(tmp_path / "x.wav", samples, RATE_HZ, subtype="FLOAT")
    options = ("--run", path, "--threshold", "own", "--format", "jsonl")
    for top, expected in ((3, 2), (1, 1)):
        assert tag(tmp_path / "x.wav", *options, "--top", top) == 0
        found = json.loads(capsys.readouterr().out)["tags"]
        assert [each["label"] for each in found] == [label for label, _ in tags.present()][:expected]
    whole = (tmp_path / "x.wav", *options, "--timeline")
    assert tag(*whole) == 0
    own = capsys.readouterr().out
    assert tag(*whole[:3], *whole[5:]) == 0
    assert capsys.readouterr().out == own


def test_of_several_runs_each_has_its_own_temperature(noisy, samples, tmp_path):
    """Two runs, one of them of two folds, and none of the four is calibrated as another."""
    single = calibrated(noisy, tmp_path / "single", 0.5)
    folds = tmp_path / "folds"
    parts = [single, *(calibrated(noisy, fold_dir(folds, k) / "curated", 1.0 + k) for k in (1, 2))]
    write_folds(folds, ["x.wav", "y.wav"], np.array([1, 2]))
    tagger = Tagger.load(single, folds)
    a, b, c = (Tagger.load(path)(samples, RATE_HZ).scores for path in parts)
    np.testing.assert_allclose(tagger(samples, RATE_HZ).scores, a / 2 + b / 4 + c / 4, atol=1e-6)
    a, b, c = (Tagger.load(path).timeline(samples, RATE_HZ).scores for path in parts)
    np.testing.assert_allclose(tagger.timeline(samples, RATE_HZ).scores, a / 2 + b / 4 + c / 4, atol=1e-5)


def test_of_several_runs_thresholds_become_one_as_their_scores_do(noisy, tmp_path):
    single = calibrated(noisy, tmp_path / "single", 0.5, (0.1, 0.2, 0.9))
    folds = tmp_path / "folds"
    calibrated(noisy, fold_dir(folds, 1) / "curated", 2.0, (0.4, 0.5, 0.6))
    made_run(noisy, fold_dir(folds, 2) / "curated", "seed=2")
    write_folds(folds, ["x.wav", "y.wav"], np.array([1, 2]))
    assert Tagger.load(single).thresholds.tolist() == pytest.approx([0.1, 0.2, 0.9])
    assert Tagger.load(folds).thresholds.tolist() == pytest.approx([0.45, 0.5, 0.55])
    assert Tagger.load(single, folds).thresholds.tolist() == pytest.approx([0.275, 0.35, 0.725])
    weighted = made_run(noisy, tmp_path / "weighted", "ensemble={method: geometric, weights: [1, 3]}")
    found = Tagger.load(weighted, single).thresholds
    np.testing.assert_allclose(found, 0.5**0.25 * np.array([0.1, 0.2, 0.9]) ** 0.75)


@pytest.mark.parametrize("classes", [("b", "a", "c"), ("a", "b")])
def test_a_calibration_of_other_classes_is_refused(noisy, tmp_path, classes):
    path = made_run(noisy, tmp_path / "run")
    write_calibration(path, Calibration(classes, 1.0, (0.2, 0.4, 0.6)[: len(classes)]))
    with pytest.raises(CalibrationError, match="expected the 3 classes of the run"):
        Tagger.load(path)
