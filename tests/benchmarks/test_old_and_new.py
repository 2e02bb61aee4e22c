"""What counts as the same output of two checkouts, and what is run in them."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from benchmarks import old_and_new
from benchmarks.old_and_new import main, row
from benchmarks.same_outputs import compare_folders
from benchmarks.scenarios import SCENARIOS, Scenario

HISTORY = pd.DataFrame({"epoch": [1, 2], "loss": [0.5, 0.25], "seconds": [1.0, 2.0]})
RUN = {"classes": ["a", "b"], "epochs": 2, "validation": {"lwlrap": 0.75}, "finished": "then"}


def fill(folder, history=HISTORY, run=RUN, logits=0.5, submission="fname,a\n1.wav,0.1\n"):
    (folder / "runs" / "noisy").mkdir(parents=True)
    history.to_csv(folder / "runs" / "noisy" / "history.csv", index=False)
    (folder / "runs" / "noisy" / "run.json").write_text(json.dumps(run))
    np.savez(folder / "runs" / "oof_scores.npz", logits=np.array([logits, np.nan], np.float32))
    (folder / "submission.csv").write_text(submission)
    (folder / "run.log").write_text(str(folder))


def differences(old, new):
    return {
        item.name: (item.difference, item.what) for item in compare_folders(old, new) if not item.is_equal
    }


def test_times_are_no_difference(tmp_path):
    fill(tmp_path / "old")
    fill(tmp_path / "new", history=HISTORY.assign(seconds=[3.0, 4.0]), run={**RUN, "finished": "now"})
    items = compare_folders(tmp_path / "old", tmp_path / "new")
    assert len(items) == 4
    assert all(item.is_equal for item in items)
    assert row("demo", items) == ("demo", "4", "4", "equal")


@pytest.mark.parametrize(
    ("change", "name", "difference", "what"),
    [
        ({"history": HISTORY.assign(loss=[0.5, 0.75])}, "runs/noisy/history.csv", 0.5, "loss"),
        ({"history": HISTORY.drop(columns="loss")}, "runs/noisy/history.csv", np.inf, "loss missing in new"),
        (
            {"run": {**RUN, "validation": {"lwlrap": 1.0}}},
            "runs/noisy/run.json",
            0.25,
            "validation.lwlrap",
        ),
        ({"run": {**RUN, "classes": ["b", "a"]}}, "runs/noisy/run.json", np.inf, "classes.0"),
        ({"logits": 0.5 + 2**-24}, "runs/oof_scores.npz", 2**-24, "logits"),
        ({"submission": "fname,a\n1.wav,0.2\n"}, "submission.csv", 0.1, "a"),
        ({"submission": "fname,a\n1.wav,0.10\n"}, "submission.csv", 0.0, "other bytes, same values"),
        ({"submission": "fname,a\n"}, "submission.csv", np.inf, "fname"),
    ],
)
def test_the_last_digit_counts(tmp_path, change, name, difference, what):
    fill(tmp_path / "old")
    fill(tmp_path / "new", **change)
    assert differences(tmp_path / "old", tmp_path / "new") == {name: (pytest.approx(difference), what)}


def test_a_file_that_one_side_lacks_is_a_difference(tmp_path):
    fill(tmp_path / "old")
    fill(tmp_path / "new")
    (tmp_path / "new" / "submission.csv").unlink()
    (tmp_path / "new" / "more.csv").write_text("a\n1\n")
    assert differences(tmp_path / "old", tmp_path / "new") == {
        "more.csv": (np.inf, "missing in old"),
        "submission.csv": (np.inf, "missing in new"),
    }
    assert row("demo", compare_folders(tmp_path / "old", tmp_path / "new"))[-1].startswith("DIFFERS: inf in")


@pytest.fixture
def sides(tmp_path, monkeypatch):
    """Two checkouts of one script, a scenario that runs it, and the command line for them."""
    for side in ("old", "new"):
        (tmp_path / side).mkdir()
        (tmp_path / side / "say.py").write_text(
            "import pathlib, sys\npathlib.Path(sys.argv[1]).write_text(','.join(sys.argv[2:]) + '\\n')\n"
        )
    say = Scenario("say", ("say.py {out}/said.csv a train.epochs=2",))
    again = Scenario("again", ("say.py {out}/said.csv {old}",), of_old=("say",))
    data = Scenario("data", ("say.py {out}/said.csv {esc10}",), data=("esc10",))
    monkeypatch.setattr(old_and_new, "SCENARIOS", (say, again, data))
    folders = [f"--{key}={tmp_path / key}" for key in ("old", "new", "work")]
    return SimpleNamespace(folder=tmp_path, command=folders)


def test_both_sides_run_once_and_are_compared(sides, capsys):
    assert main([*sides.command, "--only", "say", "data"]) == 0
    shown = capsys.readouterr().out
    assert "say                    1      1  equal" in shown
    assert "skipped: needs --esc10" in shown
    (sides.folder / "new" / "say.py").write_text("raise SystemExit(3)")  # what is done is not run again
    assert main([*sides.command, "--only", "say"]) == 0
    (sides.folder / "work/new/say/.done").write_text("another commit")
    assert main([*sides.command, "--only", "say"]) == 1
    assert "FAILED: new failed: exit code 3" in capsys.readouterr().out


def test_a_scenario_on_old_outputs_runs_those_first(sides, capsys):
    assert main([*sides.command, "--only", "again"]) == 0
    assert (sides.folder / "work/new/again/said.csv").read_text() == f"{sides.folder / 'work/old'}\n"
    assert not (sides.folder / "work/new/say").exists()


def test_a_key_can_have_a_new_name(sides, capsys):
    assert main([*sides.command, "--only", "say", "--rename", "train.epochs=train.rounds"]) == 1
    assert (sides.folder / "work/new/say/said.csv").read_text() == "a,train.rounds=2\n"
    assert "DIFFERS" in capsys.readouterr().out


def test_what_a_scenario_builds_on_comes_before_it():
    names = [each.name for each in SCENARIOS]
    for each in SCENARIOS:
        assert {*each.after, *each.of_old} <= set(names[: names.index(each.name)])
