"""Class folders with `split.test_share`: cleaned once, trained without the test clips, which predict.py scores."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

import predict
import preprocess
import train
from tagging.__main__ import main as tagging
from tagging.config.load import load_config
from tagging.inference.figures import figures_of_test_clips
from tagging.report.material import read_material
from tagging.runs.run import read_run
from tagging.training.data import stage_data

YAML = """
dataset: {{layout: folders, root: {folder}/data}}
clean_dir: {folder}/clean
run_dir: {folder}/runs
cleaning: {{rate_hz: 8000, remove_silence: false}}
split: {{validation_share: 0.25, test_share: 0.25}}
window: {{window_s: 0.25, hop_s: 0.25}}
frontend: {{n_fft: 256, hop_length: 128, n_mels: 16}}
model: {{name: simple_cnn, units: [8]}}
train: {{batch_size: 8, epochs: 1}}
stages: {{train: {{sources: [train]}}}}
"""


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory) -> Path:
    """A config of two classes with 8 clips each, cleaned without a draw of test clips."""
    folder = tmp_path_factory.mktemp("music")
    rng = np.random.default_rng(0)
    for genre in ("blues", "jazz"):
        (folder / "data" / genre).mkdir(parents=True)
        for number in range(8):
            wave = rng.uniform(-0.5, 0.5, 4000)
            sf.write(folder / "data" / genre / f"{genre}.{number}.wav", wave, 8000)
    config = folder / "config.yaml"
    config.write_text(YAML.format(folder=folder))
    assert preprocess.main(["--config", str(config), "--jobs", "1", "split.test_share=0"]) == 0
    return config


@pytest.fixture
def arguments(cleaned, tmp_path) -> list[str]:
    return ["--config", str(cleaned), "--jobs", "1", f"run_dir={tmp_path}/runs"]


def predicted(arguments: list[str], out: Path, *more: str) -> list[str]:
    assert predict.main([*arguments, "--out", str(out), *more]) == 0
    return list(pd.read_csv(out)["fname"])


@pytest.mark.usefixtures("no_fit")
def test_clips_are_scored_that_neither_trained_nor_validated(arguments, tmp_path, capsys):
    assert train.main(arguments) == 0
    assert (
        "9 clips to train on, 3 clips held out, 4 clips drawn to test; 2 batches" in capsys.readouterr().out
    )
    parts = pd.read_csv(tmp_path / "runs" / "train" / "split.csv")
    assert parts["part"].value_counts().to_dict() == {"train": 9, "validation": 3}
    test = predicted(arguments, tmp_path / "a.csv", "--report")
    assert len(test) == 4
    assert not set(test) & set(parts["fname"])
    assert "all  accuracy" in capsys.readouterr().out
    of_run = predict.main(
        ["--runs", f"{tmp_path}/runs/train", "--jobs", "1", "--out", str(tmp_path / "b.csv")]
    )
    assert of_run == 0
    assert list(pd.read_csv(tmp_path / "b.csv")["fname"]) == test
    run, of_config = read_run(tmp_path / "runs" / "train"), load_config(arguments[1], arguments[4:])
    assert figures_of_test_clips(run, of_config, 1)["test_clips"] == 4
    counts = read_material(tmp_path / "runs" / "train", "tables").dataset.clips["split"].value_counts()
    assert counts.to_dict() == {"train": 12, "test": 4}
    assert tagging(["doctor", *arguments]) == 0
    assert tagging(["plots", *arguments, "--out", str(tmp_path / "plots")]) == 0


@pytest.mark.usefixtures("no_fit")
def test_runs_that_trained_on_the_test_clips_are_refused(arguments, tmp_path, capsys):
    runs = []
    for name, seed in (("a", 0), ("b", 5)):
        assert train.main([*arguments, f"run_dir={tmp_path}/{name}", f"seed={seed}"]) == 0
        runs.append(f"{tmp_path}/{name}/train")
    assert predict.main(["--jobs", "1", "--out", str(tmp_path / "a.csv"), "--runs", *runs]) == 2
    said = capsys.readouterr().err
    assert f"received {runs[1]} (seed=5, split.test_share=0.25), which trained or validated on" in said
    assert "choose runs of one seed and share" in said


@pytest.mark.usefixtures("no_fit")
@pytest.mark.parametrize("key", ["model.weights", "stages.train.init"])
def test_runs_that_build_on_one_that_trained_on_the_test_clips_are_refused(arguments, tmp_path, capsys, key):
    """Also where that run is gone, and by way of a run in between."""
    first, second, third = (f"{tmp_path}/{name}" for name in "abc")
    assert train.main([*arguments, f"run_dir={first}", "seed=5"]) == 0
    capsys.readouterr()
    assert train.main([*arguments, f"run_dir={second}", f"{key}={first}/train"]) == 0
    assert f"{key}: {first}/train trained or validated on" in capsys.readouterr().out
    shutil.rmtree(first)
    assert train.main([*arguments, f"run_dir={third}", f"{key}={second}/train"]) == 0
    for run in (second, third):
        assert predict.main(["--jobs", "1", "--out", f"{run}.csv", "--runs", f"{run}/train"]) == 2
        said = capsys.readouterr().err
        assert (
            f"received {run}/train (seed=0, split.test_share=0.25), which builds on a run that trained"
            in said
        )
        assert "choose runs built on runs of one seed, share and data set" in said


@pytest.mark.usefixtures("no_fit")
def test_runs_that_build_on_one_of_the_same_draw_are_scored(arguments, tmp_path, capsys):
    assert train.main([*arguments, f"run_dir={tmp_path}/a"]) == 0
    given = [*arguments, f"run_dir={tmp_path}/b", f"model.weights={tmp_path}/a/train"]
    assert train.main(given) == 0
    assert "trained or validated on" not in capsys.readouterr().out
    assert len(predicted(given, tmp_path / "b.csv")) == 4


@pytest.mark.usefixtures("no_fit")
def test_a_draw_that_moved_with_the_data_set_says_so(arguments, tmp_path, capsys):
    assert train.main([*arguments, f"run_dir={tmp_path}/a"]) == 0
    gone = "dataset.exclude=[blues.0.wav,blues.1.wav,blues.2.wav,jazz.4.wav]"
    given = ["--jobs", "1", "--runs", f"{tmp_path}/a/train", "--out", str(tmp_path / "a.csv"), gone]
    assert predict.main(given) == 2
    said = capsys.readouterr().err
    assert "the draw moved, since the data set is another (dataset.exclude); set dataset.* as in" in said
    assert "choose runs of one seed" not in said


@pytest.mark.usefixtures("no_fit")
def test_folds_leave_the_test_clips_out(arguments, tmp_path):
    assert train.main([*arguments, "--folds", "2"]) == 0
    folds = pd.read_csv(tmp_path / "runs" / "folds.csv")
    test = predicted(arguments, tmp_path / "a.csv", "--runs", f"{tmp_path}/runs")
    assert len(folds) == 12
    assert len(test) == 4
    assert not set(test) & set(folds["fname"])


def test_a_copy_of_a_test_clip_is_not_trained_on(cleaned, tmp_path):
    """Six files of one sound, in a data set that knows no recordings."""
    shutil.copytree(cleaned.parent / "data", tmp_path / "data")
    copies = [tmp_path / "data" / "jazz" / f"jazz.{number}.wav" for number in range(6)]
    for copy in copies[1:]:
        shutil.copy(copies[0], copy)
    own = [f"dataset.root={tmp_path}/data", f"clean_dir={tmp_path}/clean", "split.validation_share=0"]
    assert preprocess.main(["--config", str(cleaned), "--jobs", "1", *own]) == 0
    config = load_config(cleaned, own)
    data, same = stage_data(config, config.stage("train")), {copy.name for copy in copies}
    assert same & set(data.dataset.of("test")["fname"])
    assert not same & set(data.train["fname"])
    assert "share a recording with validation or test clips" in " ".join(data.notes)
