"""Trials of a sweep: what is drawn, and how they are evaluated."""

import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

import train
from tagging.sweeps import worker
from tagging.sweeps.job import open_job
from tagging.sweeps.study import next_trial, open_study
from tagging.training import train as train_module
from tests.sweep_helpers import BASE, rising, write_sweep


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
    *_, title, run, command = capsys.readouterr().out.splitlines()
    best = table.iloc[0]
    assert title == f"best: trial {best['trial']}, val_lwlrap {best['val_lwlrap']:.4f}"
    assert run.endswith(f" {tmp_path}/out/s/trials/{best['trial']}/curated")
    assert f"train.py --config {tmp_path}/tiny.yaml train.epochs=3 train.learning_rate=" in command


def test_the_best_command_runs_as_printed(sweep, tiny, tmp_path, monkeypatch, capsys):
    """In a shell, next to runs of other settings, whatever is in a path or a value."""
    folder = tmp_path / "it's a [strange] folder"
    folder.mkdir()
    config = shutil.copy(tiny.write_config(tmp_path), folder / "my config.yaml")
    parameters = {
        "model.units": {"values": [[8, 16], []]},
        "train.learning_rate": BASE["parameters"]["train.learning_rate"],
        "tracking.project": {"value": "it's né 🎵: a=b, \u2028c"},
        "split.file": {"value": None},
    }
    file = write_sweep(folder, parameters=parameters, run_cap=2)
    given = ["--config", str(config), "dataset.exclude=[my clip.wav,it's.wav]", f"run_dir={tmp_path}/mine"]
    code, table, _ = sweep(rising, file, *given, out="a sweep")
    assert code == 0, capsys.readouterr().err
    printed = capsys.readouterr().out
    words = shlex.split(printed.splitlines()[-1].partition(":")[2])
    assert words[:2] == ["python", "train.py"]
    trained = []
    monkeypatch.setattr(train_module, "train_stage", lambda *args, **options: trained.append(args))
    assert train.main(words[2:]) == 0
    best, out = int(table["trial"][0]), tmp_path / "out" / "a sweep"
    assert [name for _, name in trained] == ["noisy", "curated"]
    found = trained[0][0]
    assert found.run_dir == str(out / f"best-{best}"), "a place of its own: another run may be in run_dir"
    job = open_job(Path(config), file, given[2:], out=out)
    values = {"model.units": list(found.model.units), "train.learning_rate": found.train.learning_rate}
    same = replace(found, run_dir=str(job.trial_dir(best)), tracking=job.config(best, values).tracking)
    assert same == job.config(best, values)
    assert found.tracking.project == parameters["tracking.project"]["value"]
    assert found.train.learning_rate == table["train.learning_rate"][0]


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


def test_further_metrics_are_of_the_epoch_that_is_kept_and_of_the_test_clips(sweep, tmp_path, monkeypatch):
    scored = []

    def figures(run, config, jobs):
        scored.append(Path(config.run_dir).name)
        return {"test_loss": 0.5, "test_lwlrap": config.train.learning_rate / 2}

    monkeypatch.setattr(worker, "figures_of_test_clips", figures)
    also = ["learning_rate_is_no_metric"], ["loss", "test_lwlrap"]
    files = [write_sweep(tmp_path, also=names) for names in also[:1]]
    assert sweep(rising, files[0])[0] == 2
    file = write_sweep(tmp_path, also=also[1])
    code, table, _ = sweep(rising, file, out="t")
    assert code == 0
    assert scored == ["0", "1", "2", "3"]
    columns = list(table)
    at = columns.index("val_lwlrap")
    assert columns[at : at + 4] == ["val_lwlrap", "loss", "test_lwlrap", "epochs"]
    assert list(table["loss"]) == [1.0] * 4
    assert list(table["test_lwlrap"]) == pytest.approx(list(table["train.learning_rate"] / 2))
    again = sweep(rising, file, out="t")
    assert again[2] == [], "figures are kept"
    pd.testing.assert_frame_equal(again[1], table)


def test_figures_of_test_clips_need_test_clips(sweep, tiny, tmp_path, capsys):
    (tmp_path / "root").mkdir()
    for path in tiny.root.iterdir():
        if path.name != "test_post_competition.csv":
            (tmp_path / "root" / path.name).symlink_to(path)
    file = write_sweep(tmp_path, also=["test_loss"])
    code, _, trained = sweep(rising, file, f"dataset.root={tmp_path / 'root'}")
    assert (code, trained) == (2, [])
    assert "also: expected test clips with answers in" in capsys.readouterr().err


def test_figures_of_test_clips_need_a_data_set_that_has_some(sweep, tmp_path, monkeypatch, capsys):
    read = worker.read_with_test_clips

    def without(*given):
        dataset = read(*given)
        return replace(dataset, clips=dataset.clips[dataset.clips["split"] != "test"])

    monkeypatch.setattr(worker, "read_with_test_clips", without)
    code, _, trained = sweep(rising, write_sweep(tmp_path, also=["test_loss"]))
    assert (code, trained) == (2, [])
    assert "also: expected test clips with answers in" in capsys.readouterr().err


def test_the_metric_is_one_of_the_stage_that_ranks(sweep, tmp_path, capsys):
    """Noisy clips validate the first stage, and nothing validates the last one."""
    given = ["split.validation_share=0", "split.noisy_share=0.25"]
    code, _, trained = sweep(rising, write_sweep(tmp_path), *given)
    assert (code, trained) == (2, [])
    assert "metric.name: expected one of loss, lwlrap, " in capsys.readouterr().err
    assert sweep(rising, write_sweep(tmp_path), *given, "--stage", "noisy", out="t")[0] == 0


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
