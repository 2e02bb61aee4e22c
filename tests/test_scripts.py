"""The three scripts as a user types them: help, the commands of the README, and what ends them."""

import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

import predict
import preprocess
import train
from tagging.__main__ import COMMANDS
from tagging.datasets.layouts.demo import make_demo
from tagging.training import train as train_module

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "script",
    ["preprocess.py", "train.py", "predict.py", "-m tagging", *(f"-m tagging {name}" for name in COMMANDS)],
)
def test_help_is_instant_and_loads_nothing_heavy(script):
    command = [sys.executable, "-X", "importtime", *script.split(), "--help"]
    times = []
    for _ in range(3):
        start = os.times()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
        times.append(
            sum(os.times()[2:4]) - sum(start[2:4])
        )  # of the child's processor: others may be busy, too
    assert "usage:" in done.stdout
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert loaded.isdisjoint({"tensorflow", "keras", "numpy", "pandas", "librosa", "omegaconf"})
    assert min(times) < 0.7


def test_the_demo_config_is_the_default_and_every_script_runs_on_it(tmp_path, monkeypatch, capsys):
    """The commands of the README, with fewer epochs, in an empty folder with the configs."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    monkeypatch.chdir(tmp_path)
    small = partial(make_demo, n_curated=48, n_noisy=24, n_test=12)
    monkeypatch.setattr("tagging.datasets.layouts.demo.make_demo", small)
    assert preprocess.main([]) == 0
    assert train.main(["--stage", "noisy", "train.epochs=1"]) == 0
    assert predict.main([]) == 0
    assert "predicting with runs/demo/noisy" in capsys.readouterr().out
    assert train.main(["--stage", "curated", "train.epochs=1"]) == 0
    assert predict.main([]) == 0
    assert "predicting with runs/demo/curated" in capsys.readouterr().out
    sample = pd.read_csv("data/demo/sample_submission.csv")
    assert list(pd.read_csv("submission.csv")["fname"]) == list(sample["fname"])


@pytest.mark.parametrize(
    ("script", "arguments", "words"),
    [
        (
            train,
            ["--stage", "curate"],
            "out of noisy, curated, received 'curate'. Did you mean: 'curated'?",
        ),
        (train, ["model.nme=x"], "Did you mean: 'model.name'"),
        (train, ["--config", "none.yaml"], "no such file; configs are in configs/. Did you mean: 'configs/"),
        (train, ["model.name=resnet"], "received 'resnet'. Did you mean: 'resnet50'?"),
        (predict, ["dataset.rooot=x", "--out", "{runs}/curated/run.json"], "Did you mean: 'dataset.root'?"),
        (predict, ["--out", "{tmp}/mine.csv"], "choose another name with --out, or move it away"),
        (train, ["dataset.root=nowhere", "run_dir={tmp}/r"], "nowhere"),
        (train, ["clean_dir=nowhere", "--stage", "noisy", "run_dir={tmp}/r"], "nowhere"),
        (train, ["model.name=vgg", "--stage", "noisy", "run_dir={tmp}/r"], "expected model.name out of"),
        (train, ["frontend.name=x", "--stage", "noisy", "run_dir={tmp}/r"], "expected frontend.name out of"),
        (
            train,
            ["--stage", "noisy", "run_dir={tmp}/mine.csv/r"],
            "cannot make run_dir {tmp}/mine.csv/r: Not a",
        ),
        (train, ["--folds", "2", "run_dir={tmp}/mine.csv"], "cannot make run_dir {tmp}/mine.csv: "),
        (predict, ["run_dir=nowhere"], "expected a finished stage under nowhere"),
        (predict, ["--runs", "{runs}"], "did you mean"),
        (preprocess, ["dataset.layout=cvs"], "fsdkaggle2019"),
    ],
)
def test_a_mistake_ends_in_one_line_and_a_code(trained, tmp_path, capsys, script, arguments, words):
    (tmp_path / "mine.csv").write_text("mine")
    given = [text.format(tmp=tmp_path, runs=trained.parent / "runs") for text in arguments]
    config = [] if "--config" in arguments else ["--config", str(trained)]
    assert script.main([*config, *given]) == 2
    error = capsys.readouterr().err
    assert words.format(tmp=tmp_path) in error
    assert "Traceback" not in error
    assert error.count("error:") == 1


def test_a_bug_is_not_hidden(trained, monkeypatch):
    monkeypatch.setattr(train_module, "train_stage", lambda *a, **k: (_ for _ in ()).throw(ValueError("bug")))
    with pytest.raises(ValueError, match="bug"):
        train.main(["--config", str(trained)])


def test_ctrl_c_ends_in_one_line_and_130(trained, monkeypatch, capsys):
    monkeypatch.setattr(train_module, "train_stage", lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt))
    assert train.main(["--config", str(trained)]) == 130
    assert "interrupted" in capsys.readouterr().err


@pytest.mark.slow
def test_tensorflow_does_not_chatter(trained, tmp_path):
    runs = shutil.copytree(trained.parent / "runs", tmp_path / "runs")  # training locks what it looks at
    command = [sys.executable, "train.py", "--config", str(trained), f"run_dir={runs}", "--jobs", "1"]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=environment)  # noqa: S603
    assert done.stderr == ""
    assert done.stdout.count("is finished") == 2
