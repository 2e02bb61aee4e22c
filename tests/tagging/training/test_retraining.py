"""`--force` and kills around the end of a stage: what is resumed, what is made up for, what stays as it is."""

import json
import shutil

import pytest

from foundation.marks import RUN, is_marked
from tagging.runs.contents import IDENTITY, REPORT
from tagging.runs.run import RunError, read_run
from tagging.training import outcome
from tagging.training.train import train_stage
from tests.training_helpers import PowerCut, assert_same_training, train_until_power_cut, train_with

OTHER = "train.learning_rate=0.02"
SHORT = "train.epochs=2"


def contents(folder) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def interrupt_retraining(config) -> None:
    """`--force`, cut in the second epoch."""
    with pytest.raises(KeyboardInterrupt):
        train_with(PowerCut(5), config, force=True)


def test_an_interrupted_retraining_is_resumed_without_force(tiny, noisy, tmp_path, capsys, eagerly):
    path = shutil.copytree(noisy[1], tmp_path / "runs" / "noisy")
    config = tiny.config(tmp_path, SHORT, OTHER)
    interrupt_retraining(config)
    assert read_run(path).config.stage("noisy").learning_rate != 0.02
    capsys.readouterr()
    assert train_stage(config, "noisy", jobs=2) == path
    printed = capsys.readouterr().out
    assert f"resuming what --force began; until it is finished, {path} stays as it is" in printed
    assert "resuming after epoch 1" in printed
    assert_same_training(
        path, train_stage(tiny.config(tmp_path, SHORT, OTHER, f"run_dir={tmp_path / 'b'}"), "noisy", jobs=2)
    )
    assert not path.with_name("noisy.part").exists()


def test_a_finished_run_stays_when_other_settings_than_the_retraining_are_given(
    tiny, tmp_path, no_fit, capsys
):
    config, other = tiny.config(tmp_path, SHORT), tiny.config(tmp_path, SHORT, OTHER)
    path = train_stage(config, "noisy", jobs=2)
    work = path.with_name("noisy.part")
    work.mkdir()
    identity = read_run(path).info["identity"]
    begun = {**identity, "stage": {**identity["stage"], "learning_rate": 0.02}}
    (work / IDENTITY).write_text(json.dumps(begun))
    before = contents(path)
    assert train_stage(config, "noisy", jobs=2) == path
    assert "is finished; --force retrains it" in capsys.readouterr().out
    assert contents(path) == before
    assert train_stage(other, "noisy", jobs=2) == path
    assert read_run(path).config.stage("noisy").learning_rate == 0.02


@pytest.mark.parametrize("name", ["state.json", "state.weights.h5"])
def test_a_damaged_backup_is_named(tiny, tmp_path, name):
    config = tiny.config(tmp_path, SHORT)
    train_until_power_cut(config)
    (backup,) = (tmp_path / "runs" / "noisy.part" / "backup").glob("epoch-*")
    (backup / name).write_bytes((backup / name).read_bytes()[:100])
    with pytest.raises(
        RunError, match=r"epoch-00001: expected the state of an interrupted training"
    ) as error:
        train_stage(config, "noisy", jobs=2)
    assert "\n" not in str(error.value)


def test_the_report_that_a_kill_prevented_is_written_next_time(tiny, tmp_path, no_fit, monkeypatch):
    def killed(path):
        raise KeyboardInterrupt

    config = tiny.config(tmp_path, SHORT)
    monkeypatch.setattr(outcome, "write_report", killed)
    with pytest.raises(KeyboardInterrupt):
        train_stage(config, "noisy", jobs=2)
    written = []
    monkeypatch.setattr(outcome, "write_report", written.append)
    path = train_stage(config, "noisy", jobs=2)
    assert written == [path]
    (path / REPORT).write_text("there")
    train_stage(config, "noisy", jobs=2)
    assert written == [path]


def test_a_run_is_finished_before_anything_is_drawn(tiny, tmp_path, no_fit, monkeypatch, capsys):
    """A plot that fails costs neither the run nor its report, and is drawn by the next command."""
    config, final, drawn = tiny.config(tmp_path, SHORT), tmp_path / "runs" / "noisy", []

    def failing(histories, path):
        assert is_marked(final, RUN)
        raise MemoryError

    monkeypatch.setattr(outcome, "learning_curves", failing)
    monkeypatch.setattr(outcome, "write_report", lambda path: (path / REPORT).write_text("there"))
    for _ in range(2):
        assert train_stage(config, "noisy", jobs=2) == final
        assert (
            "noisy is finished, but its plots could not be drawn (not enough memory); train.py tries again"
            in capsys.readouterr().err
        )
        assert (final / REPORT).is_file()
    monkeypatch.setattr(outcome, "learning_curves", lambda histories, path: drawn.append((*histories, path)))
    train_stage(config, "noisy", jobs=2)
    assert drawn == [("noisy", final / "curves.png")]
