"""A report that cannot be written costs nothing else: neither the next stages and folds, nor the trial of a sweep."""

import pandas as pd
import pytest

import train
from foundation.marks import RUN, is_marked
from tagging import __main__ as tagging_main
from tagging.runs.contents import REPORT
from tagging.training import outcome
from tests.sweep_helpers import write_sweep

pytestmark = pytest.mark.usefixtures("eagerly", "no_fit")


@pytest.fixture(autouse=True)
def failing(monkeypatch):
    def fail(path):
        raise OSError("no space left")

    monkeypatch.setattr(outcome, "write_report", fail)


def assert_finished(run_dir, count, capsys) -> None:
    for stage in ("noisy", "curated"):
        assert is_marked(run_dir / stage, RUN)
        assert not (run_dir / stage / REPORT).exists()
    line = "is finished, but its report could not be written (no space left)"
    assert capsys.readouterr().err.count(line) == count


def test_the_next_stage_is_trained(tiny, tmp_path, capsys):
    assert train.main(["--config", str(tiny.write_config(tmp_path))]) == 0
    assert_finished(tmp_path / "runs", 2, capsys)


def test_the_next_fold_is_trained(tiny, tmp_path, capsys):
    assert train.main(["--config", str(tiny.write_config(tmp_path)), "--folds", "2"]) == 0
    assert_finished(tmp_path / "runs" / "fold-2", 4, capsys)
    assert (tmp_path / "runs" / "oof_scores.npz").is_file()


def test_the_trials_of_a_sweep_are_complete(tiny, tmp_path):
    values = {"train.learning_rate": {"values": [0.1, 0.2]}}
    metric = {"name": "loss", "goal": "minimize"}
    file = write_sweep(tmp_path, method="grid", metric=metric, parameters=values)
    given = ["--config", str(tiny.write_config(tmp_path)), "--sweep", str(file), "--out", str(tmp_path / "s")]
    assert tagging_main.main(["sweep", *given, "--stage", "noisy"]) == 0
    assert list(pd.read_csv(tmp_path / "s" / "trials.csv")["state"]) == ["complete", "complete"]
