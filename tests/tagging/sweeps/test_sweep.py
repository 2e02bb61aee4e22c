"""Trials of a sweep: what is drawn, and how they are judged."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from tagging.sweeps.job import open_job
from tagging.sweeps.study import next_trial, open_study
from tests.sweep_helpers import rising, write_sweep


def test_trials_are_judged_by_the_epoch_that_is_kept_and_sorted(sweep, tmp_path, capsys):
    best_in_the_middle = lambda config, epoch: config.train.learning_rate - (epoch - 2) ** 2  # noqa: E731
    code, table, trained = sweep(best_in_the_middle, write_sweep(tmp_path), "train.epochs=3", draws=True)
    assert code == 0
    assert trained == [(str(n), stage) for n in range(4) for stage in ("noisy", "curated")]
    assert list(table["val_lwlrap"]) == pytest.approx(sorted(table["train.learning_rate"], reverse=True))
    assert set(table["trial"]) == {0, 1, 2, 3}
    assert set(table["epochs"]) == {3}
    assert set(table["seconds"]) == {12.0}, "of both stages"
    markdown = (tmp_path / "out/s/trials.md").read_text().splitlines()
    assert len(markdown) == 6
    assert markdown[2].startswith(f"| {table['trial'][0]} | complete |")
    assert imread(tmp_path / "out/s/sweep.png").shape[1] > 800
    printed = capsys.readouterr().out
    assert f"train.py --config {tmp_path}/tiny.yaml train.epochs=3 train.learning_rate=" in printed


def test_a_line_that_an_interruption_tore_off_is_left_out(sweep, tmp_path, capsys):
    file = write_sweep(tmp_path)
    _, whole, _ = sweep(rising, file)
    journal = tmp_path / "out/s/journal.log"
    journal.write_bytes(journal.read_bytes() + b'{"op_code":4,"stu')
    code, table, trained = sweep(rising, file)
    assert (code, trained) == (0, [])
    pd.testing.assert_frame_equal(table, whole)
    assert "left out a last line" in capsys.readouterr().out
    assert journal.read_bytes().endswith(b"\n")


def test_a_journal_that_is_damaged_is_named(sweep, tmp_path, capsys):
    file = write_sweep(tmp_path)
    sweep(rising, file)
    journal = tmp_path / "out/s/journal.log"
    journal.write_bytes(b"{nothing}\n" + journal.read_bytes())
    code, _, _ = sweep(rising, file)
    assert code == 2
    assert f"{journal}: expected Optuna's journal" in capsys.readouterr().err


def test_lower_is_better_where_the_file_says_so(sweep, tmp_path):
    _, table, _ = sweep(rising, write_sweep(tmp_path, metric={"name": "val_lwlrap", "goal": "minimize"}))
    assert table["val_lwlrap"].is_monotonic_increasing


def test_whole_and_broken_numbers_stand_in_one_list(sweep, tmp_path):
    file = write_sweep(tmp_path, method="grid", parameters={"train.l1": {"values": [0, 1e-4, 1e-3]}})
    code, table, _ = sweep(lambda config, epoch: config.train.epochs, file, "--stage", "noisy", draws=True)
    assert code == 0
    assert sorted(table["train.l1"]) == [0, 1e-4, 1e-3]
    assert (tmp_path / "out/s/sweep.png").is_file()


def test_one_stage_alone_can_be_swept(sweep, tmp_path):
    _, table, trained = sweep(rising, write_sweep(tmp_path), "--stage", "noisy")
    assert {stage for _, stage in trained} == {"noisy"}
    assert len(table) == 4


def test_what_is_drawn_depends_on_the_seed_and_the_number_alone(sweep, tmp_path):
    file, drawn = write_sweep(tmp_path), {}
    for seed, trials in (("3", "3"), ("3", "1"), ("4", "1")):
        given = ["--trials", trials, f"seed={seed}", "--stage", "noisy"]
        _, table, _ = sweep(rising, file, *given, out=f"{seed}-{trials}")
        drawn[seed, trials] = table.set_index("trial")["train.learning_rate"]
    assert drawn["3", "3"].nunique() == 3
    assert drawn["3", "1"][0] == drawn["3", "3"][0]
    assert drawn["4", "1"][0] != drawn["3", "3"][0]


def test_a_grid_is_each_combination_once_and_lists_are_values(sweep, tmp_path):
    parameters = {"model.units": {"values": [[16], [8, 8]]}, "train.optimizer": {"values": ["sgd", "adam"]}}
    seen = []
    score = lambda config, epoch: seen.append((tuple(config.model.units), config.train.optimizer)) or epoch  # noqa: E731
    code, table, _ = sweep(
        score, write_sweep(tmp_path, method="grid", parameters=parameters), "--stage", "noisy", draws=True
    )
    assert code == 0
    assert seen[::2] == [((16,), "sgd"), ((16,), "adam"), ((8, 8), "sgd"), ((8, 8), "adam")]
    assert list(table["model.units"]) == ["[16]", "[16]", "[8, 8]", "[8, 8]"]


def test_tpe_learns_from_the_trials_before(tiny, tmp_path):
    config, distances = tiny.write_config(tmp_path), {}
    for method in ("bayes", "random"):
        parameters = {"model.dropout": {"min": 0.0, "max": 0.9}}
        file = write_sweep(tmp_path, method=method, parameters=parameters)
        job = open_job(config, file, out=tmp_path / method, trials=40)
        study, drawn = open_study(job), []
        for _ in range(job.n_trials):
            with next_trial(study, job) as (trial, values):
                drawn.append(abs(values["model.dropout"] - 0.25))
                study.tell(trial, -drawn[-1])
        distances[method] = np.median(drawn[20:])
    assert distances["bayes"] < 0.5 * distances["random"]
