"""`deterministic: true`: two processes, equal losses and weights to the last bit, with TensorFlow's own switch on."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tagging.runs.run import RunError
from tagging.training import train as train_module
from tagging.training.train import train_stage
from tests.training_helpers import assert_same_training, history

ROOT = Path(__file__).parents[3]
RNN = ("model.name=rnn", "model.dropout=0.4", "model.rnn_units=16", "model.units=[]", "train.epochs=2")
SCRIPT = """
import sys
import train
from tagging.training import train as stages

stages.describe = lambda folder: None
code = train.main(sys.argv[1:])
from tensorflow.python.framework.config import is_op_determinism_enabled
print("switch", is_op_determinism_enabled())
sys.exit(code)
"""


def train_apart(tiny, folder: Path, *overrides: str) -> tuple[Path, str]:
    """(run, what was printed) of a training in a process of its own."""
    config = tiny.write_config(folder)
    arguments = ["--config", str(config), "--stage", "noisy", "--jobs", "2", *overrides]
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", SCRIPT, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "runs" / "noisy", done.stdout


@pytest.mark.slow
def test_two_processes_train_a_recurrent_network_with_dropout_to_the_same_bits(tiny, tmp_path):
    runs = []
    for name in "ab":
        (tmp_path / name).mkdir()
        run, printed = train_apart(tiny, tmp_path / name, *RNN, "deterministic=true")
        assert "switch True" in printed
        runs.append(run)
    assert len(history(runs[0])) == 2
    assert_same_training(*runs)


@pytest.mark.parametrize("is_on", [True, False])
def test_the_switch_is_thrown_before_anything_else_and_only_when_asked_for(
    tiny, tmp_path, monkeypatch, is_on
):
    seen = []
    monkeypatch.setattr("tensorflow.config.experimental.enable_op_determinism", lambda: seen.append("switch"))

    def no_data(*_):
        seen.append("data")
        raise RunError("enough")

    monkeypatch.setattr(train_module, "stage_data", no_data)
    with pytest.raises(RunError, match="enough"):
        train_stage(tiny.config(tmp_path, f"deterministic={str(is_on).lower()}"), "noisy", jobs=2)
    assert seen == (["switch", "data"] if is_on else ["data"])


def test_a_run_made_without_it_does_not_pass_for_one_with_it(tiny, noisy, tmp_path, monkeypatch):
    shutil.copytree(noisy[1], tmp_path / "runs" / "noisy")
    monkeypatch.setattr("tensorflow.config.experimental.enable_op_determinism", lambda: None)
    with pytest.raises(RunError, match=r"deterministic: False -> True.*--force"):
        train_stage(tiny.config(tmp_path, "deterministic=true"), "noisy", jobs=2)
