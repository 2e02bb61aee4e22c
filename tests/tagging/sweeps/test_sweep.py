"""Trials of a sweep: drawn, trained, judged, given up, failed, taken up again, and shared by two processes."""

import functools
import json
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import optuna
import pandas as pd
import pytest
import yaml
from matplotlib.image import imread

import train
from foundation.locks import BusyError
from models.parts.backbone import ModelError
from tagging import __main__ as tagging_main
from tagging.config.load import load_config
from tagging.datasets.table import DatasetError
from tagging.runs.place import work_dir
from tagging.sweeps import job as job_module
from tagging.sweeps import report, worker
from tagging.sweeps.file import SweepError
from tagging.sweeps.job import open_job
from tagging.sweeps.study import next_trial, open_study
from tagging.training import train as train_module

ROOT = Path(__file__).parents[3]
BASE = {
    "method": "random",
    "metric": {"name": "val_lwlrap", "goal": "maximize"},
    "run_cap": 4,
    "parameters": {"train.learning_rate": {"min": 1e-4, "max": 1e-1, "distribution": "log_uniform_values"}},
}


def write_sweep(folder: Path, **changes) -> Path:
    (folder / "s.yaml").write_text(yaml.safe_dump({**BASE, **changes}))
    return folder / "s.yaml"


class FakeTraining:
    """Leaves what a sweep reads of a run, in no time; `score` says what an epoch of a config gets."""

    def __init__(self, score) -> None:
        self.score, self.trained = score, []

    def train(self, config, name, *, jobs, watch=None):
        self.trained.append((Path(config.run_dir).name, name))
        final = Path(config.run_dir) / name
        work, rows = work_dir(final), []
        (work / "backup").mkdir(parents=True, exist_ok=True)
        (work / "stage.json").write_text('{"seed": 0, "stage": {}, "train_clips": ""}')
        for epoch in range(1, config.stages[name].epochs + 1):
            value = float(self.score(config, epoch))
            rows.append(
                {"epoch": epoch, "loss": 1.0, "val_lwlrap": value, "learning_rate": 0.1, "seconds": 2.0}
            )
            pd.DataFrame(rows).to_csv(work / "history.csv", index=False)
            if watch:
                watch(rows[-1])
        (work / "run.json").write_text('{"classes": [], "finished": "", "identity": {}}')
        return work.rename(final)

    @staticmethod
    def read(path):
        history = pd.read_csv(path / "history.csv")
        kept = int(history["epoch"][history["val_lwlrap"].fillna(0).argmax()])
        return SimpleNamespace(info={"best_epoch": kept}, history=lambda: history)


@pytest.fixture
def sweep(tiny, tmp_path, monkeypatch):
    """Runs a sweep with fake trainings: (exit code, trials.csv, [(trial, stage) that trained]).

    Configs are read once for the same file and settings, and the plot is drawn where it is asked for.
    """
    config, draw = tiny.write_config(tmp_path), report.sweep_chart
    monkeypatch.setattr(worker.keras.utils, "clear_session", lambda: None)
    read = functools.cache(load_config)
    monkeypatch.setattr(job_module, "load_config", lambda path, given: read(path, tuple(given)))

    def sweep(score, file, *arguments, out="s", draws=False):
        training, folder = FakeTraining(score), tmp_path / "out" / out
        monkeypatch.setattr(report, "sweep_chart", draw if draws else lambda *given: None)
        monkeypatch.setattr(worker, "train_stage", training.train)
        monkeypatch.setattr(worker, "read_run", training.read)
        given = ["--config", str(config), "--sweep", str(file), "--out", str(folder), *arguments]
        code, table = tagging_main.main(["sweep", *given]), folder / "trials.csv"
        return code, pd.read_csv(table) if table.is_file() else None, training.trained

    return sweep


def rising(config, epoch):
    return config.train.learning_rate + epoch / 100


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
    words = shlex.split(printed.split("which is\n")[1].splitlines()[0])
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


def test_one_stage_alone_can_be_swept(sweep, tmp_path):
    _, table, trained = sweep(rising, write_sweep(tmp_path), "--stage", "noisy")
    assert {stage for _, stage in trained} == {"noisy"}
    assert len(table) == 4


def test_a_finished_sweep_only_reports_and_more_trials_continue_it(sweep, tmp_path):
    file, one = write_sweep(tmp_path, run_cap=2), ["--stage", "noisy"]
    _, first, _ = sweep(rising, file, *one)
    _, again, trained = sweep(rising, file, *one)
    assert trained == []
    pd.testing.assert_frame_equal(first, again)
    _, more, trained = sweep(rising, file, *one, "--trials", "3")
    assert trained == [("2", "noisy")]
    assert len(more) == 3


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


@pytest.mark.parametrize(
    ("changes", "given", "named"),
    [
        ({"method": "bayes"}, (), "sweep.method: random -> tpe"),
        ({}, ("model.dropout=0.1",), "config.model.dropout: 0.3 -> 0.1"),
        ({}, ("--stage", "noisy"), "stages"),
    ],
)
def test_a_folder_holds_one_sweep(sweep, tmp_path, capsys, changes, given, named):
    sweep(rising, write_sweep(tmp_path), "--trials", "1")
    assert sweep(rising, write_sweep(tmp_path, **changes), *given)[0] == 2
    message = capsys.readouterr().err
    assert named in message
    assert "another --out" in message
    assert "--force" in message


def test_force_begins_a_sweep_anew(sweep, tmp_path):
    sweep(rising, write_sweep(tmp_path), "--trials", "3", "--stage", "noisy")
    (tmp_path / "out/s/notes.txt").write_text("mine")
    file = write_sweep(tmp_path, metric={"name": "val_lwlrap", "goal": "minimize"})
    code, table, trained = sweep(rising, file, "--trials", "2", "--stage", "noisy", "--force")
    assert code == 0
    assert trained == [("0", "noisy"), ("1", "noisy")]
    assert len(table) == 2
    assert table["val_lwlrap"].is_monotonic_increasing
    assert not (tmp_path / "out/s/trials/2").exists()
    assert (tmp_path / "out/s/notes.txt").read_text() == "mine"
    assert sweep(rising, file, "--trials", "2", "--stage", "noisy", "--force", out="new")[0] == 0


def test_a_setting_that_did_not_exist_when_a_sweep_began_has_its_default(tiny, tmp_path):
    config, file, out = tiny.write_config(tmp_path), write_sweep(tmp_path), tmp_path / "out"
    open_job(config, file, out=out)
    stored = json.loads((out / "sweep.json").read_text())
    del stored["config"]["split"]["file"], stored["config"]["stages"]["noisy"]["loss"]
    (out / "sweep.json").write_text(json.dumps(stored))
    open_job(config, file, out=out)
    with pytest.raises(
        SweepError, match=r"holds another sweep \(config\.stages\.noisy\.loss\.q: 0\.3 -> 0\.5\)"
    ):
        open_job(config, file, ["stages.noisy.loss.q=0.5"], out=out)


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


def test_min_iter_beyond_the_epochs_is_an_error(tiny, tmp_path):
    file = write_sweep(tmp_path, early_terminate={"min_iter": 5})
    with pytest.raises(SweepError, match="at most 2 epochs, received 5"):
        open_study(open_job(tiny.write_config(tmp_path), file, out=tmp_path / "out"))


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
