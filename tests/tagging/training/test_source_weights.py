"""Weights of clips by their source: what they are, that they reach the loss, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from tagging.config.load import ConfigError, load_config
from tagging.runs.run import read_run
from tagging.training.data import stage_data
from tagging.training.stage import Stage
from tagging.training.stage_run import StageRun
from tagging.training.train import train_stage

pytestmark = pytest.mark.usefixtures("eagerly")

BOTH = ("stages.curated.sources=[curated,noisy]", "stages.curated.init=none", "train.epochs=1")


def run_of(config) -> StageRun:
    stage = Stage.of(config, "curated")
    return StageRun(stage, stage_data(config, stage.settings), jobs=2)


def trained(config) -> tuple[list[np.ndarray], pd.Series]:
    """Weights of the network and the last row of the history."""
    run = train_stage(config, "curated", jobs=2)
    row = pd.read_csv(run / "history.csv").iloc[-1]
    return read_run(run).load_model().get_layer("network").get_weights(), row


def test_each_clip_weighs_what_its_source_does(tiny, tmp_path):
    run = run_of(tiny.config(tmp_path, *BOTH, "stages.curated.source_weights.noisy=0.25"))
    sources = run.data.train["split"]
    assert set(sources) == {"curated", "noisy"}
    assert run.weights.dtype == np.float32
    assert run.weights[sources == "noisy"].tolist() == [0.25] * 40
    assert (run.weights[sources == "curated"] == 1).all()
    assert run.batches(lambda wave: wave).weights is not None


def test_the_clips_of_one_source_are_augmented(tiny, tmp_path):
    augment = "stages.curated.augment={keep_originals: true, mixup: {alpha: 1.0}, sources: [curated]}"
    run = run_of(tiny.config(tmp_path, *BOTH, augment))
    batches, is_curated = run.batches(lambda wave: wave), run.data.train["split"] == "curated"
    np.testing.assert_array_equal(batches.augmented, is_curated)
    assert batches.items == 40 + 2 * is_curated.sum()


def test_without_them_batches_hold_none(tiny, tmp_path):
    run = run_of(tiny.config(tmp_path, *BOTH))
    assert run.weights is None
    assert run.batches(lambda wave: wave).weights is None


def test_a_weight_of_one_half_is_half_the_loss_and_half_the_step(tiny, tmp_path):
    """SGD moves by learning rate x gradient, so that halving every weight is halving the rate."""
    sgd = (*BOTH, "train.optimizer=sgd", "split.validation_share=0")
    half = "stages.curated.source_weights={curated: 0.5, noisy: 0.5}"
    weights, row = trained(
        tiny.config(tmp_path, *sgd, half, "train.learning_rate=0.25", "run_dir=" + str(tmp_path / "a"))
    )
    expected, whole = trained(
        tiny.config(tmp_path, *sgd, "train.learning_rate=0.125", "run_dir=" + str(tmp_path / "b"))
    )
    for a, b in zip(weights, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    assert row["loss"] == pytest.approx(whole["loss"] / 2, rel=1e-5)
    assert row["lwlrap"] == pytest.approx(whole["lwlrap"], rel=1e-5), "weights do not enter the metrics"


@pytest.mark.parametrize(
    ("override", "words"),
    [
        (
            "stages.curated.augment={mixup: {alpha: 1.0}, sources: [nosiy]}",
            [
                "expected augment.sources out of a stage's own sources, ['curated', 'noisy'], received ['nosiy']"
            ],
        ),
        ("stages.curated.source_weights.nosiy=0.5", ["source_weights", "['curated', 'noisy']", "['nosiy']"]),
        ("train.source_weights.curated=0.5", ["source_weights", "['noisy']", "received ['curated']"]),
        ("train.source_weights.noisy=0", ["train.source_weights.noisy: expected above 0", "received 0"]),
        ("train.source_weights.noisy=.inf", ["train.source_weights.noisy: expected a finite number", "inf"]),
    ],
)
def test_a_mistake_ends_in_one_line(tmp_path, override, words):
    (tmp_path / "c.yaml").write_text(
        "stages: {noisy: {sources: [noisy]}, curated: {sources: [curated, noisy]}}"
    )
    with pytest.raises(ConfigError) as error:
        load_config(tmp_path / "c.yaml", [override])
    message = str(error.value)
    assert "\n" not in message
    assert all(word in message for word in words), message
