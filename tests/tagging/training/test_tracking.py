"""Weights & Biases next to the history, through a module that takes its place."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import train
from tagging.runs.run import RunError, read_run
from tagging.training import tracking
from tagging.training.train import train_stage

pytestmark = pytest.mark.usefixtures("eagerly")

TRACKED = "tracking.wandb=true"


class FakeError(Exception):
    pass


class FakeRun:
    def __init__(self, given) -> None:
        self.given, self.rows, self.exit_code = given, [], None

    def log(self, row, step) -> None:
        assert step == row["epoch"]
        self.rows.append(row)

    def finish(self, exit_code) -> None:
        self.exit_code = exit_code


@pytest.fixture
def runs(monkeypatch):
    """The runs that were begun there."""
    begun = []

    def init(**given):
        begun.append(FakeRun(given))
        return begun[-1]

    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=init, Error=FakeError))
    monkeypatch.delenv("WANDB_MODE", raising=False)
    return begun


def test_rows_and_config_are_logged(tiny, tmp_path, runs):
    config = tiny.config(tmp_path, TRACKED, "train.epochs=1", "tracking.project=p", "tracking.mode=offline")
    path = train_stage(config, "noisy", jobs=2)
    history = pd.read_csv(path / "history.csv").to_dict("records")
    (run,) = runs
    assert [row["val_lwlrap"] for row in run.rows] == [row["val_lwlrap"] for row in history]
    assert [row["learning_rate"] for row in run.rows] == [row["learning_rate"] for row in history]
    assert run.exit_code == 0
    assert (run.given["project"], run.given["mode"], run.given["group"]) == ("p", "offline", config.run_dir)
    assert run.given["config"]["stages"]["noisy"]["epochs"] == 1
    assert (path / tracking.ID).read_text() == run.given["id"]


def test_an_interrupted_training_goes_on_as_the_same_run_and_tracking_is_no_part_of_it(tiny, tmp_path, runs):
    config = tiny.config(tmp_path, TRACKED)

    def stop(row):
        if row["epoch"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_stage(config, "noisy", jobs=2, watch=stop)
    assert runs[0].exit_code == 1
    train_stage(config, "noisy", jobs=2)
    assert [run.given["id"] for run in runs] == [runs[0].given["id"]] * 2
    assert {run.given["resume"] for run in runs} == {"allow"}
    assert [[row["epoch"] for row in run.rows] for run in runs] == [[1, 2], [2]]
    untracked = tiny.config(tmp_path, "tracking.project=other")
    assert "tracking" not in str(read_run(train_stage(untracked, "noisy", jobs=2)).info["identity"])
    assert len(runs) == 2, "finished, and the same run without tracking"


def test_the_variable_of_wandb_goes_before_the_config(tiny, tmp_path, runs, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    with tracking.tracked(tiny.config(tmp_path, TRACKED), "noisy", tmp_path):
        pass
    assert runs[0].given["mode"] == "offline"


def test_the_links_of_wandb_are_part_of_the_run(tiny, tmp_path, runs, monkeypatch):
    """As wandb 0.31 makes them: the latest run, its logs, and a log of the user's cache."""
    init = sys.modules["wandb"].init

    def init_with_links(**given):
        folder = Path(given["dir"], "wandb")
        links = {"latest-run": "run-1", "debug.log": "run-1/logs/debug.log"}
        links["run-1/logs/debug-core.log"] = str(tmp_path / "core.log")
        (folder / "run-1" / "logs").mkdir(parents=True)
        (folder / "run-1" / "logs" / "debug.log").touch()
        for name, target in links.items():
            (folder / name).symlink_to(target)
        return init(**given)

    monkeypatch.setattr(sys.modules["wandb"], "init", init_with_links)
    config = tiny.config(tmp_path, TRACKED, "train.epochs=1")
    path = train_stage(config, "noisy", jobs=2)
    assert (path / "wandb" / "latest-run" / "logs" / "debug.log").is_file()
    train_stage(config, "noisy", jobs=2, force=True)
    (path / "wandb" / "mine").symlink_to(tmp_path)
    with pytest.raises(RunError, match="wandb/mine"):
        train_stage(config, "noisy", jobs=2, force=True)


def test_without_being_asked_nothing_is_logged(tiny, tmp_path, runs):
    with tracking.tracked(tiny.config(tmp_path), "noisy", tmp_path) as log:
        assert log is None
    assert runs == []


def test_a_missing_package_ends_in_one_line_before_training(tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "wandb", None)
    assert train.main(["--config", str(tiny.write_config(tmp_path)), "tracking.wandb=true"]) == 2
    error = capsys.readouterr().err
    assert "pip install wandb" in error
    assert "Traceback" not in error
    assert not (tmp_path / "runs").exists()


def test_what_wandb_refuses_ends_in_one_line(tiny, tmp_path, runs, monkeypatch):
    def refuse(**given):
        raise FakeError("no API key\nlog in")

    monkeypatch.setattr(sys.modules["wandb"], "init", refuse)
    with (
        pytest.raises(tracking.TrackingError, match=r"no API key log in; tracking\.mode=offline"),
        tracking.tracked(tiny.config(tmp_path, TRACKED), "noisy", tmp_path),
    ):
        pass


def test_a_device_is_named(noisy):
    from tagging.training.device import device_name

    assert read_run(noisy[1]).info["device"] == device_name()
