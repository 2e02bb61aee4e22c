"""A stage: deterministic, as told by its settings; and what its run holds."""

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import label_ranking_average_precision_score

from models.registry import build_network
from models.settings import ModelSettings
from submissions.writer import read_scores
from tagging.config.load import ConfigError
from tagging.config.stage import StageSettings
from tagging.datasets import read_dataset
from tagging.evaluation.task_kinds import KINDS
from tagging.runs.run import RunError, read_run
from tagging.training import history as history_module
from tagging.training.history import History
from tagging.training.optimizers import uses_xla
from tagging.training.train import train_stage
from tagging.training.trainer import count_parameters
from tests.training_helpers import AUGMENTED, assert_same_training, history


def test_a_run_holds_everything_that_made_it(tiny, noisy):
    folder, path = noisy
    run, config = read_run(path), tiny.config(folder)
    dataset = read_dataset(config.dataset)
    assert run.config == config
    assert run.classes == dataset.classes
    assert run.info["epochs"] == len(history(path)) == 2
    assert run.info["identity"]["seed"] == 3
    assert {"tensorflow", "keras", "python"} <= run.info["versions"].keys()
    assert {p.name for p in path.iterdir()} == {
        *("config.yaml", "curves.png", "history.csv", "model.keras", "per_class.csv", "run.json"),
        *("split.csv", "tensorboard", "validation_scores.npz"),
        *("calibration.json", "report.html", "report_tables", ".audio-tagging.json"),
    }
    assert not path.with_name("noisy.part").exists()


def test_the_report_is_exact(tiny, noisy):
    folder, path = noisy
    dataset = read_dataset(tiny.config(folder).dataset)
    scores, split = read_scores(path / "validation_scores.npz"), pd.read_csv(path / "split.csv")
    assert sorted(scores.fnames) == sorted(split.loc[split["part"] == "validation", "fname"])
    clips = dataset.of("curated").set_index("fname").loc[scores.fnames].reset_index()
    truth = dataset.targets(clips).astype(float)
    expected = label_ranking_average_precision_score(
        truth, scores.logits.astype(float), sample_weight=truth.sum(axis=1)
    )
    info, rows = read_run(path).info, history(path)
    assert info["validation"]["lwlrap"] == pytest.approx(expected, abs=1e-9)
    assert rows["val_lwlrap"].max() == pytest.approx(expected, abs=1e-9), "the best weights are the ones kept"
    assert rows["val_lwlrap"].idxmax() + 1 == info["best_epoch"]


def test_two_trainings_are_equal_to_the_last_bit(tiny, augmented, tmp_path):
    assert_same_training(train_stage(tiny.config(tmp_path, *AUGMENTED), "noisy", jobs=2), augmented)


@pytest.mark.usefixtures("eagerly")
def test_without_a_hold_out_all_clips_train_and_the_last_epoch_is_kept(tiny, tmp_path):
    config = tiny.config(tmp_path, "split.validation_share=0", "stages.curated.init=none", "train.epochs=1")
    run = read_run(train_stage(config, "curated", jobs=2))
    assert run.info["train_clips"] == 48
    assert run.info["validation"] is None
    assert run.info["best_epoch"] == 1


@pytest.mark.usefixtures("eagerly")
def test_early_stopping_waits_as_long_as_told(tiny, tmp_path):
    config = tiny.config(tmp_path, "train.epochs=20", "train.patience=1", "stages.noisy.learning_rate=1e-9")
    run = train_stage(config, "noisy", jobs=2)
    rows, best = history(run), read_run(run).info["best_epoch"]
    assert len(rows) == best + 1 < 20


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_other_optimisers_train(tiny, tmp_path, optimizer):
    options = ("train.epochs=1", f"train.optimizer={optimizer}", "split.validation_share=0")
    run = train_stage(tiny.config(tmp_path, *options), "noisy", jobs=2)
    assert np.isfinite(history(run)["loss"]).all()


def test_a_diverged_training_says_so(tiny, tmp_path):
    config = tiny.config(
        tmp_path, "train.learning_rate=1000", "stages.noisy.learning_rate=1000", "train.optimizer=sgd"
    )
    with pytest.raises(RunError, match=r"training diverged: the loss of epoch \d is nan; lower"):
        train_stage(config, "noisy", jobs=2)


def test_a_monitor_that_is_not_defined_yet_takes_the_last_epoch(tmp_path):
    rows = [{"val_spearman": value} for value in (np.nan, np.nan)]
    history = History(tmp_path, StageSettings(monitor="val_spearman"), 1, KINDS["regression"], rows)
    assert history.best_epoch == 2
    history.rows += [{"val_spearman": 0.1}, {"val_spearman": np.nan}]
    assert history.best_epoch == 3


def test_xla_is_chosen_by_device(monkeypatch):
    network = build_network(ModelSettings(units=[4]), (32, 16, 1), 3)
    recurrent = build_network(ModelSettings("rnn", rnn_units=2, rnn_layers=1), (32, 16, 1), 3)
    any_length = build_network(ModelSettings("cnn1d", filters=[2], units=[4]), (None, 16, 1), 3)
    assert uses_xla(StageSettings(jit_compile="on"), network)
    assert not uses_xla(StageSettings(jit_compile="off"), network)
    for gpus in ([], ["one"]):
        monkeypatch.setattr("tensorflow.config.list_physical_devices", lambda kind, gpus=gpus: gpus)
        assert uses_xla(StageSettings(), network) == bool(gpus)
        assert not uses_xla(StageSettings(), recurrent)
        assert not uses_xla(StageSettings(), any_length)


def test_mixed_precision_trains_and_gives_float32_logits(tiny, tmp_path):
    try:
        run = train_stage(
            tiny.config(tmp_path, "train.epochs=1", "train.mixed_precision=true"), "noisy", jobs=2
        )
        model = read_run(run).load_model()
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.get_layer("network").get_layer("head_conv_64").compute_dtype == "float16"
    assert model.output.dtype == "float32"
    assert np.isfinite(history(run)["loss"]).all()


def test_parameters_are_counted(noisy):
    network = read_run(noisy[1]).load_model().get_layer("network")
    counts = count_parameters(network)
    assert counts["parameters"] == sum(w.size for w in network.get_weights())
    assert counts["trainable_parameters"] == counts["parameters"] - 2 * (1 + 32 + 64)


@pytest.mark.parametrize(("keep", "epoch"), [("best", 2), ("last", 3)])
def test_an_epoch_is_chosen_as_told(tmp_path, keep, epoch):
    rows = [{"val_lwlrap": score} for score in (0.1, 0.5, 0.3)]
    assert History(tmp_path, StageSettings(keep=keep), 1, KINDS["multilabel"], rows).best_epoch == epoch


@pytest.mark.usefixtures("eagerly")
def test_the_last_epoch_is_kept_when_told_so(tiny, tmp_path):
    options = ("stages.curated.init=none", "train.epochs=3", "train.keep=last")
    run = read_run(train_stage(tiny.config(tmp_path, *options), "curated", jobs=2))
    assert run.info["best_epoch"] == 3
    assert run.info["validation"]["lwlrap"] == pytest.approx(history(run.path)["val_lwlrap"].iloc[-1])


def test_patience_is_refused_where_the_last_epoch_is_kept(tiny, tmp_path):
    with pytest.raises(ConfigError, match=r"train\.patience=0 where train\.keep=last, received 2"):
        tiny.config(tmp_path, "train.keep=last", "train.patience=2")


def test_the_line_of_an_epoch_says_how_long_the_others_will_take(tmp_path, capsys, monkeypatch):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    last = History(tmp_path, StageSettings(epochs=3), 1, KINDS["multilabel"], [])
    last.set_model(model)
    clock = iter([0.0, 40.0, 50.0, 90.0, 100.0, 140.0])
    monkeypatch.setattr(history_module.time, "perf_counter", lambda: next(clock))
    for epoch in range(3):
        last.on_epoch_begin(epoch)
        last.on_epoch_end(epoch, {"loss": 1.0})
    assert [line.partition("40.0 s")[2] for line in capsys.readouterr().out.splitlines()] == [
        ", 01:20 left",
        ", 00:40 left",
        "",
    ]
