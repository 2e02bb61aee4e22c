"""A folder holds one sweep: it is continued, or begun again by `--force`."""

import json

import pandas as pd
import pytest

from tagging.sweeps.file import SweepError
from tagging.sweeps.job import open_job
from tests.sweep_helpers import rising, write_sweep


def test_a_finished_sweep_only_reports_and_more_trials_continue_it(sweep, tmp_path):
    file, one = write_sweep(tmp_path, run_cap=2), ["--stage", "noisy"]
    _, first, _ = sweep(rising, file, *one)
    _, again, trained = sweep(rising, file, *one)
    assert trained == []
    pd.testing.assert_frame_equal(first, again)
    _, more, trained = sweep(rising, file, *one, "--trials", "3")
    assert trained == [("2", "noisy")]
    assert len(more) == 3


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


def test_where_things_are_computed_and_kept_is_not_part_of_a_sweep(tiny, tmp_path):
    config, file, out = tiny.write_config(tmp_path), write_sweep(tmp_path), tmp_path / "out"
    open_job(config, file, out=out)
    open_job(
        config, file, ["pipeline.views_dir=views", "parallel.backend=dask", "run_dir=elsewhere"], out=out
    )


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
