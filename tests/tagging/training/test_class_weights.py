"""Weights of clips by their labels: scikit-learn's, that they reach the loss, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from tagging.config.load import ConfigError, load_config, save_config
from tagging.config.stage import StageSettings
from tagging.evaluation.task_kinds import KINDS
from tagging.runs.run import RunError
from tagging.training.clip_weights import class_weights, clip_weights
from tagging.training.data import stage_data
from tagging.training.stage import Stage
from tagging.training.stage_run import StageRun
from tagging.training.train import train_stage

pytestmark = pytest.mark.usefixtures("eagerly")

CLASSES = ("blues", "pop", "rock", "none")
LABELS = np.array([0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 2])
ONE_HOT = np.eye(4, dtype=np.float32)[LABELS]


def weights_of(setting, targets=ONE_HOT, task="multiclass"):
    sources = pd.Series(["curated"] * len(targets))
    return clip_weights(StageSettings(class_weights=setting), sources, targets, CLASSES, KINDS[task])


def test_balanced_is_scikit_learns():
    expected = compute_class_weight("balanced", classes=np.arange(3), y=LABELS)
    np.testing.assert_allclose(class_weights("balanced", ONE_HOT, CLASSES, KINDS["multiclass"])[:3], expected)
    weights = weights_of("balanced")
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, compute_sample_weight("balanced", LABELS), rtol=1e-6)
    assert weights.sum() == pytest.approx(len(LABELS)), "all together count as before"


def test_a_clip_with_several_labels_weighs_their_mean():
    targets = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 0, 0]], np.float32)
    given = weights_of({"blues": 1, "pop": 3, "rock": 8}, targets, task="multilabel")
    assert given.tolist() == [1, 2, 4, 1], "no label: 1"
    blues, pop, rock = 4 / (3 * 3), 4 / (3 * 2), 4 / (3 * 1)
    balanced = weights_of("balanced", targets, task="multilabel")
    np.testing.assert_allclose(balanced, [blues, (blues + pop) / 2, (blues + pop + rock) / 3, 1], rtol=1e-6)


def test_probabilities_as_labels_weigh_by_their_shares():
    targets = np.array([[0.6, 0.2, 0, 0]], np.float32)
    assert weights_of({"blues": 1, "pop": 5}, targets).tolist() == pytest.approx([2.0])


def test_they_multiply_the_weights_of_sources():
    sources = ["curated"] * 6 + ["noisy"] * 6
    settings = StageSettings(
        sources=["curated", "noisy"], class_weights={"rock": 3}, source_weights={"noisy": 0.5}
    )
    weights = clip_weights(settings, pd.Series(sources), ONE_HOT, CLASSES, KINDS["multiclass"])
    assert weights.tolist() == [1] * 6 + [1.5] * 6


def test_without_them_there_are_no_weights():
    assert weights_of(None) is None


def test_they_reach_the_batches_and_the_loss(tiny, tmp_path):
    """All labels weighing 0.5 halve the loss of the first step, and so with plain SGD every step."""
    base = ("stages.curated.init=none", "train.epochs=1", "train.optimizer=sgd", "split.validation_share=0")
    plain = tiny.config(tmp_path, *base, "train.learning_rate=0.05", f"run_dir={tmp_path / 'a'}")
    settings = plain.stage("curated")
    classes = stage_data(plain, settings).dataset.classes
    half = "train.class_weights={" + ", ".join(f"'{name}': 0.5" for name in classes) + "}"
    halved = tiny.config(tmp_path, *base, half, "train.learning_rate=0.1", f"run_dir={tmp_path / 'b'}")
    stage = Stage.of(halved, "curated")
    run = StageRun(stage, stage_data(halved, stage.settings), jobs=2)
    assert set(run.weights) == {0.5}
    losses = [
        pd.read_csv(train_stage(c, "curated", jobs=2) / "history.csv")["loss"].iloc[0]
        for c in (plain, halved)
    ]
    assert losses[1] == pytest.approx(losses[0] / 2, rel=1e-4)


def test_what_does_not_fit_the_data_is_refused():
    with pytest.raises(RunError, match=r"train\.class_weights.*regression.*; set null"):
        weights_of("balanced", task="regression")
    with pytest.raises(
        RunError, match=r"train\.class_weights.*\(blues, pop, rock, none\), received \['jaz'\]"
    ):
        weights_of({"jaz": 2.0})


def read(tmp_path, *overrides: str):
    (tmp_path / "c.yaml").write_text("stages: {noisy: {sources: [noisy]}, curated: {}}")
    return load_config(tmp_path / "c.yaml", overrides)


def test_the_setting_takes_a_word_or_a_mapping_for_all_stages_or_one(tmp_path):
    assert read(tmp_path).stage("noisy").class_weights is None
    config = read(tmp_path, "train.class_weights=balanced", "stages.curated.class_weights={rock: 2}")
    assert [s.class_weights for s in config.stages.values()] == ["balanced", {"rock": 2}]
    save_config(config, tmp_path / "saved.yaml")
    assert load_config(tmp_path / "saved.yaml") == config
    config = read(tmp_path, "train.class_weights.rock=2", "stages.noisy.class_weights=balanced")
    assert [s.class_weights for s in config.stages.values()] == ["balanced", {"rock": 2}]
    assert (
        read(tmp_path, "train.class_weights={rock: 2}", "stages.noisy.class_weights=null")
        .stage("noisy")
        .class_weights
        is None
    )


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("train.class_weights=balancd", ["train.class_weights", "balanced, {label: weight}", "balancd"]),
        ("train.class_weights=[1,2]", ["train.class_weights", "balanced, {label: weight}", "[1, 2]"]),
        ("train.class_weights.rock=0", ["train.class_weights.rock: expected above 0", "received 0"]),
        ("train.class_weights.rock=many", ["train.class_weights.rock", 'received "many"']),
    ],
)
def test_a_mistake_ends_in_one_line(tmp_path, override, words):
    with pytest.raises(ConfigError) as error:
        read(tmp_path, override)
    message = str(error.value)
    assert "\n" not in message
    assert all(word in message for word in words), message
