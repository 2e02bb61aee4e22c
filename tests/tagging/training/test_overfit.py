"""`train.overfit_batches`: a check that a network can learn, on the same few batches."""

import numpy as np
import pytest

from tagging.augment.ops.mixup import MixUpSettings
from tagging.augment.settings import AugmentSettings
from tagging.config.load import ConfigError
from tagging.frontend.waveform import RawWaveform
from tagging.pipeline.batches import TrainingBatches
from tagging.pipeline.pieces import AudioWindows
from tagging.runs.run import read_run
from tagging.training.data import stage_data
from tagging.training.overfit import FirstBatches
from tagging.training.train import train_stage
from tests.training_helpers import assert_same_training, history, train_until_power_cut

ALONE = ("stages.curated.init=none", "split.validation_share=0", "model.dropout=0", "train.overfit_batches=1")


@pytest.fixture
def batches(tiny, tmp_path) -> TrainingBatches:
    """Of 48 clips in batches of 10, with MixUp and a random window of each clip; images are the windows themselves."""
    config = tiny.config(tmp_path, "split.validation_share=0", "stages.curated.init=none")
    data = stage_data(config, config.stage("curated"))
    return TrainingBatches(
        paths=list(data.train["path"]),
        targets=data.targets,
        pieces=AudioWindows(4000, 4000),
        frontend=RawWaveform(),
        augment=AugmentSettings(mixup=MixUpSettings(alpha=0.4)),
        batch_size=10,
        seed=3,
        jobs=2,
    )


def read(dataset) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(images.numpy(), labels.numpy()) for images, labels in dataset]


def test_every_epoch_has_the_first_batches_of_the_first_in_their_order(batches):
    first = FirstBatches(batches, 2)
    seen = read(first.dataset(0, 3))
    assert (first.steps, len(seen)) == (2, 6)
    assert len(np.unique(np.concatenate([seen[0][0], seen[1][0]]), axis=0)) == 20, "20 different clips"
    for number, (images, labels) in enumerate(seen):
        np.testing.assert_array_equal(images, seen[number % 2][0])
        np.testing.assert_array_equal(labels, seen[number % 2][1])


def test_nothing_is_augmented(batches):
    (_, labels), *_ = read(FirstBatches(batches, 1).dataset(0, 1))
    assert set(np.unique(labels)) == {0, 1}
    assert not set(np.unique(read(batches.dataset(0, 1))[0][1])) <= {0, 1}, "MixUp blends labels"


def test_more_batches_than_there_are_is_all_of_them(batches):
    first = FirstBatches(batches, 99)
    assert first.steps == 5
    assert sum(len(images) for images, _ in read(first.dataset(2, 3))) == 48


NETWORKS = {
    "simple_cnn": ("train.epochs=40", "train.learning_rate=1e-2"),
    "rnn": (
        *("train.epochs=25", "train.learning_rate=2e-2", "window.window_s=0.5"),
        *("model.units=[]", "model.rnn_units=32", "model.rnn_layers=1"),
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_learn_a_batch_by_heart(tiny, tmp_path, name, capsys):
    config = tiny.config(tmp_path, *ALONE, f"model.name={name}", *NETWORKS[name])
    run = read_run(train_stage(config, "curated", jobs=2))
    rows = history(run.path)
    assert rows["loss"].iloc[0] > 0.4
    assert rows["loss"].iloc[-1] < 0.1
    assert rows["lwlrap"].iloc[-1] > 0.99, "it knows each clip, and not only how frequent the labels are"
    assert "on 1 of 3 batches" in capsys.readouterr().out
    assert run.info["overfit_batches"] == 1


@pytest.mark.usefixtures("eagerly")
def test_it_neither_stops_early_nor_lowers_the_rate_and_keeps_the_last_epoch(tiny, tmp_path):
    """The rate is too low for the validation score to get better."""
    waiting = ("train.patience=1", "train.schedule=plateau", "train.plateau.patience=0")
    options = ("train.overfit_batches=1", "train.epochs=4", "stages.noisy.learning_rate=1e-9")
    run = read_run(train_stage(tiny.config(tmp_path, *options, *waiting), "noisy", jobs=2))
    rows = history(run.path)
    assert len(rows) == run.info["best_epoch"] == 4
    assert rows["learning_rate"].nunique() == 1


def test_a_config_that_waits_for_validation_can_be_checked_without_validation_clips(tiny, tmp_path):
    config = tiny.config(tmp_path, *ALONE, "train.patience=3", "train.schedule=plateau")
    assert not config.split.holds_out


@pytest.mark.usefixtures("eagerly")
def test_an_interrupted_check_goes_on_the_same(tiny, tmp_path):
    options = ("train.overfit_batches=2", "train.epochs=2", "split.validation_share=0")
    whole, stopped = (tiny.config(tmp_path, *options, f"run_dir={tmp_path / name}") for name in "ab")
    expected = train_stage(whole, "noisy", jobs=2)
    train_until_power_cut(stopped, step=3)
    assert_same_training(train_stage(stopped, "noisy", jobs=2), expected)


@pytest.mark.usefixtures("eagerly")
def test_prediction_says_that_it_is_no_model_to_use(tiny, tmp_path, capsys, no_fit):
    import predict

    config = tiny.config(tmp_path, *ALONE, "train.epochs=1")
    run = train_stage(config, "noisy", jobs=2)
    assert predict.main(["--runs", str(run), "--out", str(tmp_path / "s.csv")]) == 0
    assert f"{run} is an overfitting check" in capsys.readouterr().out


def test_a_number_that_is_none_is_refused(tiny, tmp_path):
    with pytest.raises(ConfigError, match=r"train\.overfit_batches: expected at least 0, received -1"):
        tiny.config(tmp_path, "train.overfit_batches=-1")
