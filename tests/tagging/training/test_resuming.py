"""Stages that are interrupted, killed, begun or finished before: nothing is lost or mixed up."""

import os
import shutil

import pytest

from foundation.locks import BusyError, locked
from models.parts.backbone import ModelError
from tagging.runs.run import RunError
from tagging.training.train import train_stage
from tests.training_helpers import AUGMENTED, assert_same_training, history, train_until_power_cut

BIG = ("window.window_s=1.2", "frontend.n_mels=32")  # images of 36 x 32, which a backbone accepts


def test_an_interrupted_training_goes_on_as_if_it_had_not_stopped(tiny, augmented, tmp_path, capsys):
    config = tiny.config(tmp_path, *AUGMENTED)
    train_until_power_cut(config)
    assert not (tmp_path / "runs" / "noisy").exists(), "an unfinished run is no run"
    resumed = train_stage(config, "noisy", jobs=2)
    assert "resuming after epoch 1" in capsys.readouterr().out
    assert_same_training(resumed, augmented)


def test_a_begun_stage_does_not_go_on_with_other_settings(tiny, tmp_path):
    train_until_power_cut(tiny.config(tmp_path))
    with pytest.raises(RunError, match=r"noisy\.part .*stages\.noisy\.batch_size: 16 -> 8.*--force"):
        train_stage(tiny.config(tmp_path, "train.batch_size=8"), "noisy", jobs=2)
    other = tiny.config(tmp_path, "train.batch_size=8", "train.epochs=1")
    assert len(history(train_stage(other, "noisy", jobs=2, force=True))) == 1


def test_a_stage_that_failed_before_its_first_epoch_leaves_nothing_in_the_way(tiny, tmp_path, no_fit):
    with pytest.raises(ModelError, match="no such file"):
        train_stage(
            tiny.config(tmp_path, "model.name=mobilenet_v2", "model.weights=none.h5", *BIG), "noisy", jobs=2
        )
    assert train_stage(tiny.config(tmp_path, "train.epochs=1"), "noisy", jobs=2).is_dir()


def test_a_finished_stage_is_left_alone_or_refused_under_other_settings(tiny, noisy, tmp_path, capsys):
    path = shutil.copytree(noisy[1], tmp_path / "runs" / "noisy")
    before = (path / "run.json").read_text()
    assert train_stage(tiny.config(tmp_path), "noisy", jobs=2) == path
    assert "is finished" in capsys.readouterr().out
    with pytest.raises(RunError, match=r"seed: 3 -> 4.*--force"):
        train_stage(tiny.config(tmp_path, "seed=4"), "noisy", jobs=2)
    assert (path / "run.json").read_text() == before


def test_a_kill_while_a_run_gets_its_name_loses_nothing(tiny, noisy, tmp_path, monkeypatch, no_fit):
    config, final = tiny.config(tmp_path), tmp_path / "runs" / "noisy"
    shutil.copytree(noisy[1], final)
    first, replace = (final / "run.json").read_text(), os.replace
    for survived in range(2):  # killed after none, and after one, of the two renames
        renames = []

        def killed_after(source, target, survived=survived, renames=renames):
            if str(target).endswith(("noisy", ".replaced-run-1")) and len(renames) == survived:
                raise KeyboardInterrupt
            renames.append(target) if str(target).endswith(("noisy", ".replaced-run-1")) else None
            replace(source, target)

        with monkeypatch.context() as patch:
            patch.setattr("tagging.runs.place.os.replace", killed_after)
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
