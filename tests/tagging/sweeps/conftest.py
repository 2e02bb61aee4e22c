"""A sweep with fake trainings."""

import pandas as pd
import pytest

from tagging import __main__ as tagging_main
from tagging.sweeps import report, worker
from tests.sweep_helpers import FakeTraining


@pytest.fixture
def sweep(tiny, tmp_path, monkeypatch):
    """Runs a sweep with fake trainings: (exit code, trials.csv, [(trial, stage) that trained]).

    The chart is drawn where it is asked for.
    """
    config, draw = tiny.write_config(tmp_path), report.sweep_chart
    monkeypatch.setattr(worker.keras.utils, "clear_session", lambda: None)

    def sweep(score, file, *arguments, out="s", draws=False):
        training, folder = FakeTraining(score), tmp_path / "out" / out
        monkeypatch.setattr(report, "sweep_chart", draw if draws else lambda *given: None)
        monkeypatch.setattr(worker, "train_stage", training.train)
        monkeypatch.setattr(worker, "read_run", training.read)
        given = ["--config", str(config), "--sweep", str(file), "--out", str(folder), *arguments]
        code, table = tagging_main.main(["sweep", *given]), folder / "trials.csv"
        return code, pd.read_csv(table) if table.is_file() else None, training.trained

    return sweep
