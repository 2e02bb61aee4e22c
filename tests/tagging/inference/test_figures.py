"""Loss and metrics of test clips, against closed forms."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from scipy.special import expit

from tagging.config.schema import Config
from tagging.config.stage import StageSettings
from tagging.datasets import read_dataset
from tagging.datasets.answers import answers_for
from tagging.evaluation.task_kinds import KINDS
from tagging.inference.figures import figures_of_test_clips, loss_of
from tagging.inference.scoring import score_runs
from tagging.losses.settings import LossSettings
from tagging.runs.ensembles import Ensemble
from tagging.runs.folds import Member
from tagging.runs.run import Run, read_run
from tests.tagger_helpers import untrained_run

pytestmark = pytest.mark.usefixtures("eagerly")

TARGETS = np.eye(4, dtype="f")[[0, 1, 1, 3, 2]]
LOGITS = [np.random.default_rng(seed).normal(0, 3, (5, 4)).astype("f") for seed in (0, 1)]


def ensemble(tmp_path, *losses: LossSettings, method: str = "mean") -> Ensemble:
    runs = [
        Run(
            tmp_path,
            Config(stages={"a": StageSettings(loss=loss)}),
            {"task": "multilabel", "stage": "a", "classes": list("abcd")},
        )
        for loss in losses
    ]
    return Ensemble(tuple(Member(tmp_path, (run,)) for run in runs), method, None)


def bce(scores: np.ndarray) -> float:
    return float(keras.ops.mean(keras.losses.binary_crossentropy(TARGETS, scores)))


def test_the_loss_of_a_run_is_the_one_that_it_was_trained_with(tmp_path):
    assert loss_of(ensemble(tmp_path, LossSettings()), TARGETS, LOGITS[:1]) == pytest.approx(
        bce(expit(LOGITS[0])), rel=1e-5
    )
    smoothed = loss_of(ensemble(tmp_path, LossSettings(label_smoothing=0.2)), TARGETS, LOGITS[:1])
    expected = keras.losses.binary_crossentropy(TARGETS, LOGITS[0], from_logits=True, label_smoothing=0.2)
    assert smoothed == pytest.approx(float(keras.ops.mean(expected)), rel=1e-5)


def test_the_loss_of_an_ensemble_is_that_of_its_scores(tmp_path):
    same = LossSettings(), LossSettings()
    mean = (expit(LOGITS[0]) + expit(LOGITS[1])) / 2
    assert loss_of(ensemble(tmp_path, *same), TARGETS, LOGITS) == pytest.approx(bce(mean), rel=1e-4)
    assert loss_of(ensemble(tmp_path, *same, method="rank"), TARGETS, LOGITS) is None
    assert loss_of(ensemble(tmp_path, LossSettings(), LossSettings("lq")), TARGETS, LOGITS) is None
    unknown = ensemble(tmp_path, *same)
    unknown.runs[0].info["stage"] = "b"
    assert loss_of(unknown, TARGETS, LOGITS) is None


def test_figures_of_test_clips_are_those_of_their_logits(tiny, tmp_path):
    config = tiny.config(tmp_path)
    run = read_run(untrained_run(tmp_path / "run", config, read_dataset(config.dataset).classes))
    run = replace(run, info={**run.info, "stage": "noisy"})
    figures = figures_of_test_clips(run, config, 2)
    answers = answers_for(read_dataset(config.dataset), run.classes)
    [found], _ = score_runs([run], answers.clips, config, 2)
    report = KINDS["multilabel"].report(answers.targets, found.logits)
    assert figures["test_lwlrap"] == report["lwlrap"]
    assert set(figures) == {"test_loss", *(f"test_{key}" for key in report)}
    logits, targets = found.logits.astype(float), answers.targets
    by_hand = np.logaddexp(0, logits) - targets * logits
    assert figures["test_loss"] == pytest.approx(by_hand.mean(), rel=1e-5)
