"""Prediction leaves data, clean audio and runs as they are, so that all may lie on a read-only disk."""

import shutil

import keras
import pytest

import predict
from tagging.datasets import read_dataset
from tagging.runs.place import finish_run, work_dir


def state(folder):
    """Name, size and time of everything under a folder; a folder's own time tells of files that came and went."""
    stats = [(path, path.stat()) for path in [folder, *sorted(folder.rglob("*"))]]
    return [(str(path), stat.st_size, stat.st_mtime_ns) for path, stat in stats]


@pytest.fixture
def inputs(tiny, tmp_path):
    """A folder with raw data, clean audio and a run of random weights."""
    folder = tmp_path / "input"
    shutil.copytree(tiny.root, folder / "raw")
    shutil.copytree(tiny.clean, folder / "clean", copy_function=shutil.copy2)
    config = tiny.config(tmp_path, f"dataset.root={folder / 'raw'}", f"clean_dir={folder / 'clean'}")
    run, classes = folder / "run", read_dataset(config.dataset).classes
    samples = config.window.window_samples(config.cleaning.rate_hz)
    model = keras.Sequential([keras.Input((samples,)), keras.layers.Dense(len(classes))])
    work_dir(run).mkdir()
    model.save(work_dir(run) / "model.keras")
    facts = {"task": "multilabel", "identity": {}, "validation": None, "finished": "2020"}
    finish_run(run, config, {"classes": list(classes), **facts})
    return folder


@pytest.mark.parametrize("clean_dir", ["clean", "none"])
def test_predict_writes_next_to_its_output_alone(inputs, tmp_path, clean_dir):
    before, out = state(inputs), tmp_path / "out" / "submission.csv"
    override = f"clean_dir={inputs / clean_dir}"
    assert predict.main(["--runs", str(inputs / "run"), override, "--out", str(out)]) == 0
    assert state(inputs) == before
    assert sorted(path.name for path in out.parent.glob("[!.]*")) == [
        "submission.csv",
        "submission.logits-1.npz",
        "submission.per_class.csv",
        "submission.scores.json",
    ]
