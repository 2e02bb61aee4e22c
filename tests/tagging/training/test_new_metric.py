"""A metric is one record: with it in a kind of task, everything that shows, compares or monitors metrics has it."""

from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest

from tagging import __main__ as tagging_main
from tagging.config.errors import ConfigError
from tagging.evaluation.metric import Metric
from tagging.evaluation.task_kinds import KINDS, common_metric, is_lower_better, validation_columns
from tagging.report.page import write_report
from tagging.report.scores import title_of
from tagging.runs.run import read_run
from tagging.training.train import train_stage
from tests.report_helpers import Page

pytestmark = pytest.mark.usefixtures("eagerly")

MONITOR = "train.monitor=val_hamming"


def hamming(targets: np.ndarray, scores: np.ndarray) -> float:
    """Share of the pairs of clip and class that are wrong, from logits."""
    return float(((scores > 0) != (targets > 0)).mean())


def streaming(_n_classes: int) -> keras.metrics.Metric:
    def wrong(targets, logits):
        return keras.ops.mean(keras.ops.cast((logits > 0) != (targets > 0), "float32"), axis=-1)

    return keras.metrics.MeanMetricWrapper(wrong, name="hamming")


HAMMING = Metric("hamming", "Hamming loss", hamming, higher_is_better=False, streaming=streaming)


@pytest.fixture
def with_hamming(monkeypatch):
    kind = KINDS["multilabel"]
    monkeypatch.setitem(KINDS, "multilabel", replace(kind, metrics=(*kind.metrics, HAMMING)))


def test_an_unknown_metric_is_refused(tiny, tmp_path):
    with pytest.raises(ConfigError, match="val_hamming"):
        tiny.config(tmp_path, MONITOR)


def test_a_new_metric_is_one_record(with_hamming, tiny, tmp_path, capsys):
    assert validation_columns("multilabel")[-1] == "val_hamming"
    assert is_lower_better("val_hamming")
    assert title_of("hamming") == "Hamming loss"
    assert common_metric([["val_hamming", "loss"], ["hamming"]]) == "hamming"

    path = train_stage(tiny.config(tmp_path, MONITOR, "train.learning_rate=0.02"), "noisy", jobs=2)
    run, history = read_run(path), pd.read_csv(path / "history.csv")
    assert history["hamming"].between(0, 1).all()
    assert run.info["best_epoch"] == history["val_hamming"].argmin() + 1
    value = run.info["validation"]["hamming"]
    assert value == pytest.approx(history["val_hamming"].min())
    assert f"Hamming loss {value:.4f}" in capsys.readouterr().out

    words = Page(write_report(path)).words
    assert f"{value:.4f}" == words[words.index("Hamming loss", words.index("Reproduce")) + 1]
    table = pd.read_csv(path / "report_tables" / "scores.csv").set_index("figure")
    assert table.loc["hamming", "value"] == pytest.approx(value)

    out = tmp_path / "comparison"
    assert tagging_main.main(["compare", str(path), "--metric", "hamming", "--out", str(out)]) == 0
    assert "by Hamming loss of the validation clips" in capsys.readouterr().out
    assert pd.read_csv(out / "runs.csv").loc[0, "val_hamming"] == pytest.approx(value)


def test_a_record_without_anything_to_compute_is_refused():
    with pytest.raises(ValueError, match="hamming: expected function or per_class"):
        Metric("hamming", "Hamming loss")
