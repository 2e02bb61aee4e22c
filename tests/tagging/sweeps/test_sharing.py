"""Trials that several processes take, each once."""

import re
import subprocess
import sys
from pathlib import Path

import optuna
import pandas as pd
import pytest

from foundation.locks import BusyError
from tagging.sweeps.job import open_job
from tagging.sweeps.study import next_trial, open_study
from tests.sweep_helpers import write_sweep

ROOT = Path(__file__).parents[3]


def test_force_leaves_a_sweep_alone_that_another_process_is_at(tiny, tmp_path):
    config, file = tiny.write_config(tmp_path), write_sweep(tmp_path)
    job = open_job(config, file, out=tmp_path / "out", trials=1)
    with next_trial(open_study(job), job), pytest.raises(BusyError, match="training trial 0"):
        open_job(config, file, out=tmp_path / "out", trials=1, force=True)
    assert (tmp_path / "out/journal.log").is_file()


def test_trials_that_are_under_way_are_left_alone(tiny, tmp_path):
    job = open_job(tiny.write_config(tmp_path), write_sweep(tmp_path), out=tmp_path / "out", trials=1)
    first, second = open_study(job), open_study(job)
    with next_trial(first, job) as (trial, values):
        assert trial.number == 0
        with next_trial(second, job) as taken:
            assert taken is None, "the only one is held by somebody else"
    with next_trial(second, job) as (again, same):
        assert again.number == 0, "nobody holds it any more"
        assert same == values


@pytest.mark.slow
def test_two_processes_share_a_sweep_of_real_trainings(tiny, tmp_path):
    config, out = tiny.write_config(tmp_path), tmp_path / "out"
    values = {"train.learning_rate": {"values": [1e-3, 3e-3, 1e-2]}}
    file = write_sweep(tmp_path, method="grid", parameters=values)
    arguments = [
        "--config",
        str(config),
        "--sweep",
        str(file),
        "--out",
        str(out),
        "--stage",
        "noisy",
        "--jobs",
        "1",
    ]
    command = [
        sys.executable,
        "-W",
        "error::UserWarning",
        "-m",
        "tagging",
        "sweep",
        *arguments,
        "train.epochs=1",
    ]
    both = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(2)
    ]
    printed = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], printed
    began = re.findall(r"trial (\d) of 3", printed[0][0] + printed[1][0])
    assert sorted(began) == ["0", "1", "2"], "each once, whoever trained it"
    storage = optuna.storages.JournalStorage(
        optuna.storages.journal.JournalFileBackend(str(out / "journal.log"))
    )
    trials = optuna.load_study(study_name="sweep", storage=storage).trials
    assert {trial.params["train.learning_rate"] for trial in trials} == {1e-3, 3e-3, 1e-2}
    for trial in trials:
        history = pd.read_csv(out / "trials" / str(trial.number) / "noisy" / "history.csv")
        assert trial.value == pytest.approx(history["val_lwlrap"][0])
        assert trial.intermediate_values == {1: trial.value}
