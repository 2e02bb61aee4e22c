"""The exponential moving average of the weights: what is validated and kept, while training goes on without it."""

import keras
import numpy as np
import pytest

from submissions.writer import read_scores
from tagging.config.load import ConfigError
from tagging.runs.run import read_run
from tagging.training.train import train_stage
from tests.training_helpers import (
    assert_same_training,
    history,
    network,
    run_eagerly,
    train_until_power_cut,
    train_with,
)

pytestmark = pytest.mark.usefixtures("eagerly")

MOMENTUM, EPOCHS = 0.8, 2
EMA = (f"train.ema_momentum={MOMENTUM}", f"train.epochs={EPOCHS}", "train.augment.mixup.alpha=0.4")


class Recorder(keras.callbacks.Callback):
    """The weights that train, after every step."""

    def __init__(self):
        super().__init__()
        self.steps = []

    def on_train_batch_end(self, batch, logs=None):
        self.steps.append([w.numpy().astype(float) for w in self.model.trainable_variables])


@pytest.fixture(scope="module")
def trained(tiny, tmp_path_factory):
    """(folder, run, weights after every step) of a training with averages, and the same for one without."""
    with_ema, without = tmp_path_factory.mktemp("ema"), tmp_path_factory.mktemp("raw")
    seen = [Recorder(), Recorder()]
    with run_eagerly():
        runs = [
            train_with(seen[0], tiny.config(with_ema, *EMA)),
            train_with(seen[1], tiny.config(without, *EMA, "train.ema_momentum=0")),
        ]
    return [(run, recorder.steps) for run, recorder in zip(runs, seen, strict=True)]


def averages(steps: list) -> list:
    """w_1 after the first step, then momentum x average + (1 - momentum) x weight, in float64."""
    average = steps[0]
    for weights in steps[1:]:
        average = [MOMENTUM * a + (1 - MOMENTUM) * w for a, w in zip(average, weights, strict=True)]
    return average


def test_the_run_holds_the_average_at_the_best_epoch(trained):
    (run, steps), _ = trained
    best = read_run(run).info["best_epoch"]
    expected = averages(steps[: best * len(steps) // EPOCHS])
    for weight, average in zip(network(run).trainable_variables, expected, strict=True):
        np.testing.assert_allclose(weight.numpy(), average, rtol=1e-4, atol=1e-6)


def test_training_goes_on_with_the_raw_weights(trained):
    (averaged, steps), (raw, raw_steps) = trained
    for a, b in zip(steps, raw_steps, strict=True):
        for x, y in zip(a, b, strict=True):
            np.testing.assert_array_equal(x, y)
    assert history(averaged)["loss"].equals(history(raw)["loss"])


def test_validation_sees_the_average(trained):
    (averaged, _), (raw, _) = trained
    a, b = history(averaged), history(raw)
    assert (a["val_loss"] != b["val_loss"]).all()
    assert read_run(averaged).info["validation"]["lwlrap"] == pytest.approx(a["val_lwlrap"].max(), abs=1e-9)
    scores = [read_scores(run / "validation_scores.npz").logits for run in (averaged, raw)]
    assert not np.allclose(*scores)


def test_without_it_the_run_holds_the_raw_weights(trained):
    _, (run, steps) = trained
    best = read_run(run).info["best_epoch"]
    for weight, raw in zip(
        network(run).trainable_variables, steps[best * len(steps) // EPOCHS - 1], strict=True
    ):
        np.testing.assert_array_equal(weight.numpy(), raw)


def test_an_interrupted_training_goes_on_with_raw_weights_and_averages(tiny, trained, tmp_path, capsys):
    (expected, _), _ = trained
    config = tiny.config(tmp_path, *EMA)
    train_until_power_cut(config)
    resumed = train_stage(config, "noisy", jobs=2)
    assert "resuming after epoch 1" in capsys.readouterr().out
    assert_same_training(resumed, expected)


def test_under_loss_scaling_and_without_validation_the_last_average_is_kept(tiny, tmp_path):
    recorder, options = Recorder(), ("train.mixed_precision=true", "split.validation_share=0")
    try:
        run = train_with(recorder, tiny.config(tmp_path, *EMA, *options))
        weights = [w.numpy() for w in network(run).trainable_variables]
    finally:
        keras.config.set_dtype_policy("float32")
    for weight, average in zip(weights, averages(recorder.steps), strict=True):
        np.testing.assert_allclose(weight, average, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("momentum", "received"), [("1", "1"), ("-0.1", "-0.1"), (".nan", "nan")])
def test_a_momentum_that_averages_nothing_is_refused(tiny, tmp_path, momentum, received):
    with pytest.raises(ConfigError, match=rf"train\.ema_momentum: expected .*, received {received}"):
        tiny.config(tmp_path, f"train.ema_momentum={momentum}")
