"""`--devices`: a training that two share equals that of one; folds that fail; devices that are not there."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd
import pytest

import train
from tagging.training import backup, devices, folds
from tagging.training.backup import Backup, restore
from tagging.training.devices import DevicesError, check_devices
from tests.training_helpers import assert_same_training, history, weights

ROOT = Path(__file__).parents[3]
PLAIN = (  # no batch normalisation and no dropout; 40 clips, so that the last batch has one
    *("model.name=cnn2d", "model.filters=[4]", "model.units=[8]", "model.dropout=0"),
    *("model.batch_norm=false", "model.input_norm=false", "train.optimizer=sgd", "train.learning_rate=1e-3"),
    *("train.batch_size=13", "train.clip_norm=1", "train.l2=0.01", "train.class_weights=balanced"),
    *("train.augment.mixup.alpha=0.4", "pipeline.device=device", "tracking.batch_loss=true"),
)
TRAIN = """
import sys
from tagging.training.devices import start_on
start_on(("cpu:0", "cpu:1"), 1)
from tagging.config.load import load_config
from tagging.training import train
from tests.training_helpers import train_until_power_cut

train.describe = lambda folder: None
for step in sys.argv[1].split():
    word, number = step.split(":")
    more = ["model.batch_norm=true", "train.epochs=1"] if word == "norm" else []
    config = load_config(f"{word}/tiny.yaml", [*sys.argv[2:], *more])
    if word == "cut" and number == "0":
        train_until_power_cut(config, devices=2)
    else:
        train.train_stage(config, "noisy", jobs=1, devices=int(number))
"""


def trained(tiny, folder: Path, backend: str, steps: str, *settings: str) -> str:
    """What is printed by trainings, folder:devices (0: two, until a cut), of which `norm` normalises batches."""
    for name in ("one", "two", "cut", "norm"):
        (folder / name).mkdir()
        tiny.write_config(folder / name)
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", TRAIN, steps, *settings]
    done = subprocess.run(  # noqa: S603
        command, env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_close(folder: Path) -> None:
    """The run of two devices is that of one, within float error, and says so."""
    one, two = (folder / name / "runs" / "noisy" for name in ("one", "two"))
    losses = ["loss", "penalty", "val_loss", "learning_rate"]
    found, expected = history(two), history(one)
    pd.testing.assert_frame_equal(found[losses[1:]], expected[losses[1:]], rtol=1e-4)
    for a, b in zip(weights(two), weights(one), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    a, b = (pd.read_csv(run / "batches.csv")["loss"] for run in (two, one))
    np.testing.assert_allclose(a, b, rtol=1e-4)
    assert '"device": "2 x CPU' in (two / "run.json").read_text()


@pytest.mark.slow
def test_two_devices_learn_what_one_learns_and_resume_exactly(tiny, tmp_path):
    steps = "one:1 two:2 cut:0 cut:2 norm:2"
    printed = trained(tiny, tmp_path, "tensorflow", steps, *PLAIN, "train.ema_momentum=0.9")
    assert_close(tmp_path)
    assert_same_training(tmp_path / "cut" / "runs" / "noisy", tmp_path / "two" / "runs" / "noisy")
    assert printed.count("batch normalisation: each device uses the mean") == 1, "of `norm`"
    assert "so that it does not resume exactly" not in printed


@pytest.mark.slow
def test_two_devices_learn_what_one_learns_and_resume_exactly_with_jax(tiny, tmp_path):
    pytest.importorskip("jax", reason="needs jax: pip install -r requirements-jax.txt")
    trained(tiny, tmp_path, "jax", "one:1 two:2 cut:0 cut:2", *PLAIN, "train.ema_momentum=0.9")
    assert_close(tmp_path)
    assert_same_training(tmp_path / "cut" / "runs" / "noisy", tmp_path / "two" / "runs" / "noisy")


def test_a_training_that_resumes_on_fewer_devices_says_so(tmp_path, monkeypatch, capsys):
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    network.compile(optimizer="sgd")
    network.optimizer.build(network.trainable_variables)
    kept = Backup(tmp_path, SimpleNamespace(rows=[{"epoch": 1}]))
    kept.set_model(network)
    for now in (2, 1):
        monkeypatch.setattr(backup, "n_devices", lambda now=now: now)
        if now == 2:
            kept.on_epoch_end(0)
        assert restore(tmp_path, network) == [{"epoch": 1}]
    printed = capsys.readouterr().out
    assert printed == "devices: 2 before the interruption, 1 now, so that it does not resume exactly\n"


def test_a_fold_that_fails_is_named_and_the_others_are_kept(tiny, tmp_path, monkeypatch, capsys):
    given = []

    def work_on(names, works):
        given.extend((names, work.label, work.arguments[2]) for work in works)
        return {"fold 2": "no such clip"}

    monkeypatch.setattr(folds, "work_on", work_on)
    config = str(tiny.write_config(tmp_path))
    command = ["--config", config, "--folds", "3", "--jobs", "5", "--devices", "cpu:0,cpu:1"]
    assert train.main(command) == 2
    error = capsys.readouterr().err
    assert "1 of 3 folds failed, the others are kept (fold 2: no such clip)" in error
    assert error.count("\n") == 1
    assert given == [(("cpu:0", "cpu:1"), f"fold {n}", 2) for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (0, "expected cpu:0, cpu:1 ..., as no GPU is seen here, received gpu:2"),
        (2, "expected 0, 1, or cpu:0, cpu:1 ..., received gpu:2"),
    ],
)
def test_an_unknown_gpu_is_refused_with_those_there_are(monkeypatch, n, words):
    monkeypatch.setattr(devices, "count_gpus", lambda: n)
    with pytest.raises(DevicesError) as error:
        check_devices(("gpu:2",))
    assert words in str(error.value)
    check_devices(("cpu:7",))


@pytest.mark.parametrize("given", ["0,0", "cpu", ""])
def test_a_list_that_cannot_be_read_is_refused_in_one_line(capsys, given):
    with pytest.raises(SystemExit) as error:
        train.main(["--devices", given])
    assert error.value.code == 2
    assert "argument --devices: expected" in capsys.readouterr().err
