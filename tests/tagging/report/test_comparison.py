"""Runs next to each other: found, named, sorted, written, or refused."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.image import imread

from tagging import __main__ as tagging_main
from tagging.report.comparison import run_table
from tagging.runs.finding import find_runs
from tagging.runs.folds import Member
from tagging.runs.run import read_run
from tagging.runs.scores_file import write_figures


@pytest.fixture
def runs(noisy, tmp_path) -> Path:
    """Copies of a finished run: `a/noisy`, `b/c/noisy` with better scores, and two folders that are no runs."""
    for name, gain in (
        ("a/noisy", 0.0),
        ("b/c/noisy", 0.1),
        ("a/.noisy.replaced-run-1", 0.5),
        ("d/noisy.part", 0.5),
    ):
        run = shutil.copytree(noisy[1], tmp_path / "runs" / name)
        info = json.loads((run / "run.json").read_text())
        info["validation"]["lwlrap"] += gain
        info["validation"]["roc_auc"] -= gain
        (run / "run.json").write_text(json.dumps(info))
    return tmp_path / "runs"


def change(run: Path, **values) -> None:
    info = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**info, **values}))


def test_runs_are_found_at_any_depth_by_the_shortest_names(runs):
    assert list(find_runs([runs])) == ["a/noisy", "b/c/noisy"]
    assert list(find_runs([runs / "b", runs / "a" / "noisy", runs / "a"])) == ["b/c/noisy", "a/noisy"]
    assert list(find_runs([runs / "a"])) == ["a/noisy"]


@pytest.fixture
def trials(noisy, tmp_path) -> Path:
    """The trials of a sweep: three runs, of which two have the same values."""
    sweep = tmp_path / "sweep-x"
    rows = ["trial,state,model.activation,train.l1,val_lwlrap", "1,complete,elu,0.0001234567,0.5"]
    rows += [f"{number},complete,relu,16,0.4" for number in (0, 2)]
    for number in range(3):
        shutil.copytree(noisy[1], sweep / "trials" / str(number) / "noisy")
    (sweep / "trials.csv").write_text("\n".join(rows) + "\n")
    parameters = {"model.activation": {}, "train.l1": {}}
    (sweep / "sweep.json").write_text(
        json.dumps({"sweep": {"parameters": parameters}, "stages": [], "config": {}})
    )
    return sweep / "trials"


def test_trials_of_a_sweep_are_named_by_their_values(trials, runs):
    assert list(find_runs([trials])) == [
        "activation=relu, l1=16 (0)",
        "activation=elu, l1=0.0001235",
        "activation=relu, l1=16 (2)",
    ]
    assert list(find_runs([trials, runs / "a"]))[1::2] == [
        "sweep-x/activation=elu, l1=0.0001235",
        "runs/a/noisy",
    ]
    shutil.copytree(trials / "1" / "noisy", trials / "1" / "curated")
    assert "activation=elu, l1=0.0001235/noisy" in find_runs([trials])
    (trials.parent / "trials.csv").unlink()
    assert next(iter(find_runs([trials]))) == "0/noisy"


def test_the_table_is_sorted_and_has_what_the_runs_say(runs, noisy):
    table = run_table(find_runs([runs]), "lwlrap")
    assert list(table["run"]) == ["b/c/noisy", "a/noisy"]
    row, info = table.iloc[1], json.loads((noisy[1] / "run.json").read_text())
    kept = pd.read_csv(noisy[1] / "history.csv").iloc[info["best_epoch"] - 1]
    assert row["val_lwlrap"] == info["validation"]["lwlrap"]
    assert (row["train_lwlrap"], row["train_loss"], row["val_loss"]) == (
        kept["lwlrap"],
        kept["loss"],
        kept["val_loss"],
    )
    assert (row["network"], row["parameters"]) == ("simple_cnn", info["parameters"])
    assert row["seconds_per_epoch"] == pytest.approx(info["seconds"] / 2, abs=0.01)
    assert row["device"].startswith("CPU (")


def test_another_metric_sorts_otherwise_and_an_error_is_better_where_it_is_lower(runs):
    found = find_runs([runs])
    assert list(run_table(found, "roc_auc")["run"]) == ["a/noisy", "b/c/noisy"]
    for number, run in enumerate(found.values()):
        run.info["validation"] = {"mse": 1.0 - number / 2}
    assert list(run_table(found, "mse")["run"]) == ["b/c/noisy", "a/noisy"]


def test_the_command_writes_tables_and_plots_the_best_first(runs, tmp_path, capsys):
    out = tmp_path / "out"
    assert tagging_main.main(["compare", str(runs), "--out", str(out), "--top", "1"]) == 0
    printed = capsys.readouterr().out
    assert "the 1 best of 2 runs by LWLRAP of the validation clips" in printed
    assert printed.index("b/c/noisy") < printed.index("all") < printed.index("a/noisy")
    assert list(pd.read_csv(out / "runs.csv")["run"]) == ["b/c/noisy", "a/noisy"]
    assert len((out / "top.md").read_text().splitlines()) == 3
    assert all(imread(out / f"{name}.png").shape[1] > 800 for name in ("bars", "curves", "parameters"))


def scores_of(run: Path, path: Path, **figures) -> Path:
    write_figures(path, {}, [(Member(run, (read_run(run),)), figures)])
    return path


def test_scores_on_test_clips_are_shown_and_can_rank(runs, tmp_path, capsys):
    change(runs / "b/c/noisy", finished="2026-01-01T00:00:00.000000+00:00")
    files = [
        str(
            scores_of(
                runs / name, tmp_path / f"{number}.scores.json", lwlrap=0.9 - 0.2 * number, map=float("nan")
            )
        )
        for number, name in enumerate(("a/noisy", "b/c/noisy"))
    ]
    out = tmp_path / "out"
    given = ["compare", str(runs), "--out", str(out), "--test", *files]
    assert tagging_main.main(given) == 0
    table = pd.read_csv(out / "runs.csv")
    assert list(table["run"]) == ["b/c/noisy", "a/noisy"], "validation ranks"
    assert list(table["test_lwlrap"]) == pytest.approx([0.7, 0.9])
    assert tagging_main.main([*given, "--metric", "test_lwlrap"]) == 0
    assert "best of 2 runs by LWLRAP of the test clips" in capsys.readouterr().out
    assert list(pd.read_csv(out / "runs.csv")["run"]) == ["a/noisy", "b/c/noisy"]
    assert imread(out / "bars.png").shape[1] > 800
    assert tagging_main.main([*given[:-1], "--metric", "test_lwlrap"]) == 0
    table = pd.read_csv(out / "runs.csv")
    assert list(table["run"]) == ["a/noisy", "b/c/noisy"]
    assert pd.isna(table["test_lwlrap"][1]), "a run without test scores stands last"
    assert tagging_main.main([*given, "--metric", "test_accuracy"]) == 2
    assert "expected test scores with accuracy, received a/noisy: lwlrap, map" in capsys.readouterr().err
    assert tagging_main.main([*given[:-3], "--metric", "test_lwlrap"]) == 2
    assert "received no test scores; name the NAME.scores.json files" in capsys.readouterr().err


def test_the_loss_of_test_clips_ranks_the_lowest_first(runs, tmp_path, capsys):
    change(runs / "b/c/noisy", finished="2026-01-01T00:00:00.000000+00:00")
    files = [
        str(scores_of(runs / name, tmp_path / f"{number}.scores.json", loss=2.0 - number))
        for number, name in enumerate(("a/noisy", "b/c/noisy"))
    ]
    given = ["compare", str(runs), "--out", str(tmp_path / "out"), "--test", *files, "--metric", "test_loss"]
    assert tagging_main.main(given) == 0
    assert "best of 2 runs by loss of the test clips" in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "out" / "runs.csv")
    assert list(table["run"]) == ["b/c/noisy", "a/noisy"]
    assert list(table["test_loss"]) == [1.0, 2.0]


def test_test_scores_of_other_runs_or_other_files_are_refused(runs, tmp_path, capsys):
    path = scores_of(runs / "a/noisy", tmp_path / "x.scores.json", lwlrap=0.5)
    for run in ("a/noisy", "b/c/noisy"):
        change(runs / run, finished="2026-01-01T00:00:00.000000+00:00")
    given = ["compare", str(runs), "--out", str(tmp_path / "out"), "--test", str(path)]
    for text, words in (
        (path.read_text(), "x.scores.json: expected scores of one of the runs a/noisy, b/c/noisy"),
        ("[]", "expected a NAME.scores.json that predict.py wrote"),
        ('{"members": [{"finished": 3}]}', "expected a NAME.scores.json that predict.py wrote"),
    ):
        path.write_text(text)
        assert tagging_main.main(given) == 2
        error = capsys.readouterr().err
        assert words in error
        assert error.count("\n") == 1


def test_two_files_with_test_scores_of_the_same_run_are_refused(runs, tmp_path, capsys):
    files = [str(scores_of(runs / "a/noisy", tmp_path / f"{name}.scores.json", lwlrap=0.5)) for name in "xy"]
    given = ["compare", str(runs / "a"), "--out", str(tmp_path / "out"), "--test", *files]
    assert tagging_main.main(given) == 2
    assert (
        f"expected one file with the scores of a/noisy, received {files[0]} and {files[1]}"
        in capsys.readouterr().err
    )
    assert not (tmp_path / "out").exists()


def without_validation(run: Path) -> None:
    change(run, validation=None)
    history = pd.read_csv(run / "history.csv")
    history[[name for name in history if not name.startswith("val_")]].to_csv(
        run / "history.csv", index=False
    )


def test_a_run_without_validation_stands_last_with_empty_columns(runs, tmp_path):
    without_validation(runs / "b/c/noisy")
    out = tmp_path / "out"
    assert tagging_main.main(["compare", str(runs), "--out", str(out)]) == 0
    table = pd.read_csv(out / "runs.csv")
    assert list(table["run"]) == ["a/noisy", "b/c/noisy"]
    assert table.loc[1, ["val_loss", "val_lwlrap"]].isna().all()
    assert table["train_lwlrap"].notna().all()
    assert all(imread(out / f"{name}.png").shape[1] > 800 for name in ("bars", "curves", "parameters"))


def test_runs_of_which_none_has_validation_are_refused(runs, tmp_path, capsys):
    for run in ("a/noisy", "b/c/noisy"):
        without_validation(runs / run)
    assert tagging_main.main(["compare", str(runs), "--out", str(tmp_path / "out")]) == 2
    assert "received a/noisy: no validation; b/c/noisy: no validation" in capsys.readouterr().err


def test_curves_take_a_metric(runs, tmp_path):
    given = ["curves", str(runs / "a"), str(runs / "b/c/noisy"), "--out", str(tmp_path / "c.png")]
    assert tagging_main.main([*given, "--metric", "map"]) == 0
    assert imread(tmp_path / "c.png").shape[1] > 800


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{runs}", "--metric", "accuracy"], "expected accuracy in all runs, received a/noisy: loss, lwlrap"),
        (["{runs}/d"], "expected a finished run in"),
    ],
)
def test_a_mistake_ends_in_one_line(runs, tmp_path, capsys, arguments, words):
    given = [text.format(runs=runs) for text in arguments]
    assert tagging_main.main(["compare", *given, "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_runs_of_different_tasks_are_refused_with_what_each_has(runs, tmp_path, capsys):
    change(runs / "a/noisy", validation={"accuracy": 0.5})
    history = runs / "a/noisy/history.csv"
    columns = {"val_lwlrap": "val_accuracy", "lwlrap": "accuracy"}
    pd.read_csv(history).rename(columns=columns)[["epoch", "loss", "val_loss", "val_accuracy"]].to_csv(
        history
    )
    assert tagging_main.main(["compare", str(runs), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert "a/noisy: loss, accuracy" in error
    assert "b/c/noisy: loss, lwlrap, map, roc_auc" in error
