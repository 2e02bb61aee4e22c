"""Stages that are interrupted, killed, begun or finished before: nothing is lost or mixed up."""

import os

import keras
import numpy as np
import pandas as pd
import pytest

from models.backbone import ModelError
from preprocessing.folder import BusyError, locked
from tagging.runs import RunError, read_run
from tagging.training import fit as fit_module
from tagging.training.stage import train_stage

BIG = ("window.window_s=1.2", "frontend.n_mels=32")  # images of 36 x 32, which a backbone accepts
AUGMENTED = (
    "train.augment.spec_augment.enabled=true",
    "train.augment.mixup.alpha=0.4",
    "train.schedule=cosine",
)


def history(run) -> pd.DataFrame:
    return pd.read_csv(run / "history.csv").drop(columns="seconds")


def weights(run) -> list[np.ndarray]:
    return read_run(run).load_model().get_weights()


class PowerCut(keras.callbacks.Callback):
    """Stops training in the middle of the second epoch (40 clips in batches of 16)."""

    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations.numpy() == 5:
            raise KeyboardInterrupt


def train_until_power_cut(config, monkeypatch) -> None:
    callbacks = fit_module._callbacks
    with monkeypatch.context() as patch:
        patch.setattr(fit_module, "_callbacks", lambda *args: [*callbacks(*args), PowerCut()])
        with pytest.raises(KeyboardInterrupt):
            train_stage(config, "noisy", jobs=2)


def test_an_interrupted_training_goes_on_as_if_it_had_not_stopped(tiny, tmp_path, monkeypatch, capsys):
    whole = tiny.config(tmp_path, *AUGMENTED, "train.epochs=3", f"run_dir={tmp_path / 'whole'}")
    stopped = tiny.config(tmp_path, *AUGMENTED, "train.epochs=3", f"run_dir={tmp_path / 'stopped'}")
    expected = train_stage(whole, "noisy", jobs=2)
    train_until_power_cut(stopped, monkeypatch)
    assert not (tmp_path / "stopped" / "noisy").exists(), "an unfinished run is no run"
    resumed = train_stage(stopped, "noisy", jobs=2)
    assert "going on after epoch 1" in capsys.readouterr().out
    pd.testing.assert_frame_equal(history(resumed), history(expected), check_exact=True)
    for a, b in zip(weights(resumed), weights(expected), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_begun_stage_does_not_go_on_with_other_settings(tiny, tmp_path, monkeypatch):
    train_until_power_cut(tiny.config(tmp_path), monkeypatch)
    with pytest.raises(RunError, match=r"noisy\.part .*stages\.noisy\.batch_size: 16 -> 8.*--force"):
        train_stage(tiny.config(tmp_path, "train.batch_size=8"), "noisy", jobs=2)
    train_stage(tiny.config(tmp_path, "train.batch_size=8"), "noisy", jobs=2, force=True)


def test_a_stage_that_failed_before_its_first_epoch_leaves_nothing_in_the_way(tiny, tmp_path):
    with pytest.raises(ModelError, match="no such file"):
        train_stage(
            tiny.config(tmp_path, "model.name=mobilenet_v2", "model.weights=none.h5", *BIG), "noisy", jobs=2
        )
    assert train_stage(tiny.config(tmp_path, "train.epochs=1"), "noisy", jobs=2).is_dir()


def test_a_finished_stage_is_left_alone_or_refused_under_other_settings(tiny, noisy, capsys):
    folder, path = noisy
    before = (path / "run.json").read_text()
    assert train_stage(tiny.config(folder), "noisy", jobs=2) == path
    assert "is finished" in capsys.readouterr().out
    with pytest.raises(RunError, match=r"seed: 3 -> 4.*--force"):
        train_stage(tiny.config(folder, "seed=4"), "noisy", jobs=2)
    assert (path / "run.json").read_text() == before


def test_a_kill_while_a_run_gets_its_name_loses_nothing(tiny, tmp_path, monkeypatch):
    config = tiny.config(tmp_path, "train.epochs=1")
    final = train_stage(config, "noisy", jobs=2)
    first, replace = (final / "run.json").read_text(), os.replace
    for survived in range(2):  # killed after none, and after one, of the two renames
        renames = []

        def killed_after(source, target, survived=survived, renames=renames):
            if str(target).endswith(("noisy", "noisy.old")) and len(renames) == survived:
                raise KeyboardInterrupt
            renames.append(target) if str(target).endswith(("noisy", "noisy.old")) else None
            replace(source, target)

        with monkeypatch.context() as patch:
            patch.setattr("tagging.runs.os.replace", killed_after)
            with pytest.raises(KeyboardInterrupt):
                train_stage(config, "noisy", jobs=2, force=True)
        assert train_stage(config, "noisy", jobs=2) == final, "it is whole: no epoch is done again"
        assert (final / "run.json").read_text() != first
        assert {p.name for p in final.parent.iterdir()} == {"noisy", ".noisy.lock"}


def test_two_processes_do_not_train_the_same_stage(tiny, tmp_path):
    config = tiny.config(tmp_path)
    lock = tmp_path / "runs" / ".noisy.lock"
    with (
        locked(lock, "training"),
        pytest.raises(BusyError, match=r"another process is training .*runs/noisy"),
    ):
        train_stage(config, "noisy", jobs=2)
