"""The loss of each batch: against batches that are trained one by one, and through interruptions."""

import keras
import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from tagging.config.stage import StageSettings
from tagging.losses.registry import build_loss
from tagging.plots.batches import batch_curve
from tagging.runs.contents import foreign_files
from tagging.runs.run import RunError
from tagging.training.batch_loss import BatchModel, read_batches
from tagging.training.optimizers import build_optimizer
from tagging.training.regularisation import PenalisedModel, Penalty
from tagging.training.train import train_stage
from tests.training_helpers import AUGMENTED, assert_same_training, history, train_until_power_cut

RNG = np.random.default_rng(0)
X, Y, WEIGHTS = RNG.normal(size=(10, 5)).astype("f"), RNG.integers(0, 2, (10, 3)), RNG.random(10)
ASKED = "tracking.batch_loss=true"


def dense() -> tuple:
    keras.utils.set_random_seed(1)
    inputs = keras.Input((5,))
    return inputs, keras.layers.Dense(3)(inputs)


def compiled(model: keras.Model) -> keras.Model:
    settings = StageSettings(optimizer="sgd", learning_rate=0.5)
    model.compile(build_optimizer(settings), loss=build_loss(settings.loss), jit_compile=False)
    return model


@pytest.mark.parametrize("penalty", [None, Penalty(l2=0.1)])
def test_it_is_that_of_the_batch_alone_with_its_weights_and_without_the_penalty(penalty):
    logged = []
    seen = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: logged.append(dict(logs)))
    noting = {"notes_loss": True}
    model = PenalisedModel(*dense(), penalty, **noting) if penalty else BatchModel(*dense(), **noting)
    compiled(model).fit(X, Y, 4, sample_weight=WEIGHTS, shuffle=False, verbose=0, callbacks=[seen])
    alone = compiled(PenalisedModel(*dense(), penalty) if penalty else keras.Model(*dense()))
    expected = []
    for rows in (slice(0, 4), slice(4, 8), slice(8, 10)):
        alone.reset_metrics()
        expected.append(alone.train_on_batch(X[rows], Y[rows], WEIGHTS[rows], return_dict=True)["loss"])
    assert [logs["batch_loss"] for logs in logged] == pytest.approx(expected, rel=1e-6)
    assert logged[-1]["loss"] == pytest.approx(np.average(expected, weights=[4, 4, 2]), rel=1e-6)


@pytest.fixture(scope="module")
def asked(tiny, tmp_path_factory):
    return train_stage(tiny.config(tmp_path_factory.mktemp("asked"), *AUGMENTED, ASKED), "noisy", jobs=2)


def test_a_training_has_a_row_per_batch_and_is_otherwise_the_same(asked, augmented):
    rows = pd.read_csv(asked / "batches.csv")
    assert list(rows["epoch"]) == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert list(rows["batch"]) == [1, 2, 3] * 3
    means = rows.groupby("epoch")["loss"].apply(lambda loss: np.average(loss, weights=[16, 16, 8]))
    assert means.to_numpy() == pytest.approx(history(asked)["loss"], rel=1e-5)
    assert_same_training(asked, augmented)
    assert not (augmented / "batches.csv").exists()


def test_after_an_interruption_it_goes_on_without_a_row_twice(tiny, asked, tmp_path):
    config = tiny.config(tmp_path, *AUGMENTED, ASKED)
    train_until_power_cut(config, step=8)
    part = tmp_path / "runs" / "noisy.part" / "batches.csv"
    assert list(read_batches(part)["epoch"]) == [1] * 3 + [2] * 3
    with part.open("a") as file:  # a kill between the table of an epoch and its backup
        file.write("3,1,0.5\n3,2,0.5\n")
    resumed = train_stage(config, "noisy", jobs=2)
    assert (resumed / "batches.csv").read_bytes() == (asked / "batches.csv").read_bytes()


def test_it_may_be_asked_for_later(tiny, asked, tmp_path, capsys):
    train_until_power_cut(tiny.config(tmp_path, *AUGMENTED))
    assert "batches.csv" not in capsys.readouterr().out
    resumed = train_stage(tiny.config(tmp_path, *AUGMENTED, ASKED), "noisy", jobs=2)
    rows, whole = (pd.read_csv(run / "batches.csv") for run in (resumed, asked))
    pd.testing.assert_frame_equal(rows, whole[3:].reset_index(drop=True))
    note = "batches.csv begins with epoch 2: before, the stage was trained without tracking.batch_loss"
    assert note in capsys.readouterr().out


def test_a_finished_run_without_it_says_so(tiny, asked, tmp_path, capsys, no_fit):
    train_stage(tiny.config(tmp_path), "noisy", jobs=2)
    assert "batch_loss" not in capsys.readouterr().out
    train_stage(tiny.config(tmp_path, ASKED), "noisy", jobs=2)
    assert "was trained without tracking.batch_loss and has no batches.csv" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "epoch,loss\n1,0.5\n", "epoch,batch,loss\n1,one,0.5\n"])
def test_a_damaged_table_is_named(tmp_path, text):
    (tmp_path / "batches.csv").write_text(text)
    with pytest.raises(
        RunError, match=r"batches\.csv: expected epoch, batch and loss .*; remove it"
    ) as error:
        read_batches(tmp_path / "batches.csv")
    assert "\n" not in str(error.value)


def test_the_curve_is_in_the_run(tiny, tmp_path, full_runs, eagerly):
    run = train_stage(tiny.config(tmp_path, "train.epochs=1", ASKED), "noisy", jobs=2)
    assert imread(run / "batches.png").shape[1] > 800
    assert foreign_files(run) == []


@pytest.mark.parametrize("steps", [1, 40, 3000])
def test_any_number_of_batches_is_drawn(tmp_path, steps):
    epoch, batch = np.divmod(np.arange(2 * steps), steps)
    loss = np.exp(-np.arange(2 * steps) / steps) + RNG.normal(0, 0.1, 2 * steps)
    batch_curve(pd.DataFrame({"epoch": epoch + 1, "batch": batch + 1, "loss": loss}), tmp_path / "b.png")
    assert imread(tmp_path / "b.png").std() > 0.05
