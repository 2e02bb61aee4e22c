"""Trials that are given up, fail, or are taken up again; and sweeps that end before any training."""

import re

import pytest

from models.parts.backbone import ModelError
from tagging.datasets.table import DatasetError
from tagging.sweeps.file import SweepError
from tagging.sweeps.job import open_job
from tagging.sweeps.study import open_study
from tests.sweep_helpers import rising, write_sweep


@pytest.mark.parametrize(
    "ending",
    [{"type": "median", "min_trials": 2, "min_iter": 2}, {"type": "hyperband", "min_iter": 2, "eta": 2}],
)
def test_a_trial_that_does_badly_is_given_up(sweep, tmp_path, ending):
    values = {"train.learning_rate": {"values": [0.9, 0.8, 0.1, 0.05, 0.04, 0.03]}}
    file = write_sweep(tmp_path, method="grid", parameters=values, run_cap=6, early_terminate=ending)
    code, table, trained = sweep(rising, file, "train.epochs=8", "--stage", "noisy", draws=True)
    assert code == 0
    assert len(trained) == 6
    given_up = table[table["state"] == "pruned"]
    assert 0 < len(given_up) < 6
    assert (given_up["epochs"] < 8).all()
    assert given_up["epochs"].min() >= 2
    assert "after epoch" in given_up["reason"].iloc[0]
    assert table["state"].iloc[0] == "complete"
    for number in given_up["trial"]:
        assert not (tmp_path / f"out/s/trials/{number}/noisy.part/backup").exists()


def test_a_trial_that_cannot_train_has_failed_and_the_next_one_follows(sweep, tmp_path):
    def score(config, epoch):
        if config.train.batch_size == 8:
            raise ModelError("expected an image of at least 32 x 32, received 16 x 16")
        return float("nan") if config.train.batch_size == 9 else 0.5

    values = {"train.batch_size": {"values": [8, 9, 16]}}
    code, table, _ = sweep(
        score, write_sweep(tmp_path, method="grid", parameters=values), "--stage", "noisy", draws=True
    )
    assert code == 0
    assert list(table["state"]) == ["complete", "fail", "fail"]
    reasons = table.set_index("train.batch_size")["reason"]
    assert reasons[8] == "ModelError: expected an image of at least 32 x 32, received 16 x 16"
    assert "finite" in reasons[9]
    assert "Traceback" in (tmp_path / "out/s/trials/0/error.txt").read_text()


def test_a_sweep_in_which_all_fails_ends_in_1(sweep, tmp_path, capsys):
    def score(config, epoch):
        raise ModelError("no")

    code, table, _ = sweep(score, write_sweep(tmp_path), "--trials", "2")
    assert code == 1
    assert set(table["state"]) == {"fail"}
    assert "best:" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [(KeyboardInterrupt(), 130, "resumes from here"), (DatasetError("no clips"), 2, "no clips")],
)
def test_what_is_no_fault_of_a_trial_ends_the_sweep_and_the_trial_is_taken_up_again(
    sweep, tmp_path, capsys, error, code, line
):
    def score(config, epoch):
        if config.run_dir.endswith("1") and epoch == 2 and not done:
            raise error
        return rising(config, epoch)

    file, done = write_sweep(tmp_path), []
    assert sweep(score, file, "--stage", "noisy")[0] == code
    assert line in capsys.readouterr().err
    done.append(True)
    ended, table, trained = sweep(score, file, "--stage", "noisy")
    assert ended == 0
    assert trained == [("2", "noisy"), ("3", "noisy"), ("1", "noisy")], "what took a process down waits"
    assert list(table["state"]) == ["complete"] * 4


@pytest.mark.parametrize(
    ("changes", "given", "words"),
    [
        (
            {"metric": {"name": "val_f1_macro", "goal": "maximize"}},
            (),
            r"metric\.name: .* val_lwlrap, .*val_f1_macro",
        ),
        (
            {},
            ("train.monitor=val_accuracy",),
            r"stages\.noisy\.monitor: .* for multilabel, received val_accuracy",
        ),
        ({}, ("stages.curated.loss.name=mse",), r"train\.loss\.name: .* for multilabel, received mse"),
    ],
)
def test_what_is_of_another_task_ends_the_sweep_before_any_training(
    sweep, tmp_path, capsys, changes, given, words
):
    code, _, trained = sweep(rising, write_sweep(tmp_path, **changes), *given)
    assert code == 2
    assert re.search(words, capsys.readouterr().err)
    assert trained == []


def test_min_iter_beyond_the_epochs_is_an_error(tiny, tmp_path):
    file = write_sweep(tmp_path, early_terminate={"min_iter": 5})
    with pytest.raises(SweepError, match="at most 2 epochs, received 5"):
        open_study(open_job(tiny.write_config(tmp_path), file, out=tmp_path / "out"))
