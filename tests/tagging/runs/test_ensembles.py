"""predict.py with folds, fitted weights and a report. Runs have random weights; their validation scores are made up."""

import functools
import re
import shutil
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from keras.initializers import RandomNormal
from scipy.special import expit
from sklearn.metrics import label_ranking_average_precision_score

import predict
from submissions.writer import read_scores, write_scores
from tagging.config.load import load_config
from tagging.datasets import read_dataset
from tagging.runs.ensembles import make_ensemble
from tagging.runs.folds import Member, read_member, write_folds
from tagging.runs.place import finish_run, work_dir
from tagging.runs.run import Run, RunError

pytestmark = pytest.mark.usefixtures("eagerly")


def make_run(config, path: Path, seed: int, finished: str = "2020") -> Path:
    """A run that answers at random, but the same to the same sound."""
    dataset = read_dataset(config.dataset)
    samples = config.window.window_samples(config.cleaning.rate_hz)
    network = [
        keras.Input((samples, 1)),
        keras.layers.Conv1D(8, 64, 32, activation="relu", kernel_initializer=RandomNormal(seed=seed)),
        keras.layers.GlobalMaxPooling1D(),
        keras.layers.Dense(len(dataset.classes), kernel_initializer=RandomNormal(stddev=1.0, seed=seed + 50)),
    ]
    work_dir(path).mkdir(parents=True)
    parts = [keras.layers.Reshape((samples, 1), name="frontend"), keras.Sequential(network, name="network")]
    keras.Sequential([keras.Input((samples,)), *parts]).save(work_dir(path) / "model.keras")
    facts = {"task": "multilabel", "identity": {}, "validation": None, "finished": finished}
    finish_run(path, config, {"classes": list(dataset.classes), **facts})
    return path


def make_folds(config, folder: Path, seed: int, noise: float) -> str:
    """Two folds whose out-of-fold scores are the truth through noise."""
    dataset = read_dataset(config.dataset)
    clips = dataset.of("curated")
    fold = np.arange(len(clips)) % 2 + 1
    targets = dataset.targets(clips)
    logits = targets + noise * np.random.default_rng(seed).normal(size=targets.shape)
    for number in (1, 2):
        run, rows = make_run(config, folder / f"fold-{number}" / "curated", seed + number), fold == number
        write_scores(run / "validation_scores.npz", list(clips["fname"][rows]), dataset.classes, logits[rows])
    write_folds(folder, list(clips["fname"]), fold)
    return str(folder)


@pytest.fixture(scope="module")
def models(tiny, tmp_path_factory) -> dict[str, str]:
    """Two folders of folds, of which the first has much the better scores, and a run."""
    folder = tmp_path_factory.mktemp("models")
    config = tiny.config(folder)
    good, bad = (make_folds(config, folder / name, k, k / 10) for name, k in (("good", 3), ("bad", 40)))
    return {"good": good, "bad": bad, "run": str(make_run(config, folder / "run", 77))}


def test_a_run_that_is_given_twice_is_named(models, capsys):
    run, folds = read_member(Path(models["run"])), read_member(Path(models["good"]))
    again = read_member(Path(models["run"]) / ".." / "run")
    config = run.runs[0].config
    make_ensemble(config, [run, folds])
    assert capsys.readouterr().err == ""
    make_ensemble(config, [run, folds, again])
    paths = f"{run.path}, {again.path}"
    assert capsys.readouterr().err == f"given more than once, and counted each time: {paths}\n"


def test_runs_of_the_same_classes_in_another_order_are_refused(tmp_path):
    config = load_config("configs/demo.yaml")
    runs = [
        Run(tmp_path / name, config, {"classes": list(name), "task": "multilabel"}) for name in ("ab", "ba")
    ]
    with pytest.raises(RunError, match=r"expected the same task and classes in all runs, .*/ba .*/ab"):
        make_ensemble(config, [Member(run.path, (run,)) for run in runs])


@pytest.fixture
def no_model(monkeypatch):
    monkeypatch.setattr(Run, "load_model", lambda self: pytest.fail("a model was loaded"))


@pytest.fixture(scope="module")
def alone(models, tmp_path_factory):
    """What `predict.py --runs PATH` says of one run or folder of folds, predicted once."""
    folder = tmp_path_factory.mktemp("alone")
    return functools.cache(lambda path: predicted(folder, "--runs", path))


def predicted(tmp_path, *arguments: str) -> np.ndarray:
    out = tmp_path / "a.csv"
    assert predict.main([*arguments, "--out", str(out)]) == 0
    return pd.read_csv(out).set_index("fname").sort_index().to_numpy()


def test_folds_are_averaged_first_and_count_as_one_model(models, alone, tmp_path, capsys):
    good, run = models["good"], models["run"]
    one, two = (alone(f"{good}/fold-{n}/curated") for n in (1, 2))
    assert np.abs(one - two).max() > 0.01
    folds, single = alone(good), alone(run)
    np.testing.assert_allclose(folds, (one + two) / 2, rtol=1e-5)
    capsys.readouterr()
    both = predicted(tmp_path, "--runs", good, run)
    assert f"predicting with {good} (mean of 2 folds), {run}" in capsys.readouterr().out
    np.testing.assert_allclose(both, (folds + single) / 2, rtol=1e-5)
    weighted = predicted(tmp_path, "--runs", good, run, "ensemble.weights=[3,1]")
    np.testing.assert_allclose(weighted, (3 * folds + single) / 4, rtol=1e-5)
    kept = [read_scores(tmp_path / f"a.logits-{n}.npz") for n in (1, 2)]
    by_name = np.argsort(kept[0].fnames)
    np.testing.assert_allclose(expit(kept[0].logits[by_name].astype(float)), folds, rtol=1e-5)
    np.testing.assert_allclose(expit(kept[1].logits[by_name].astype(float)), single, rtol=1e-5)


def test_a_fold_that_is_a_copy_of_another_is_refused(models, tmp_path):
    folds = shutil.copytree(models["good"], tmp_path / "folds")
    assert read_member(folds).has_folds
    shutil.rmtree(folds / "fold-2")
    shutil.copytree(folds / "fold-1", folds / "fold-2")
    first, second = (folds / f"fold-{n}" / "curated" for n in (1, 2))
    with pytest.raises(RunError, match=f"but {second} is a copy of {first}; "):
        read_member(folds)


def test_finished_folds_are_the_default(tiny, models, alone, tmp_path, capsys):
    config = ["--config", str(tiny.write_config(tmp_path)), f"run_dir={models['good']}"]
    made = predicted(tmp_path, *config)
    assert f"predicting with {models['good']} (mean of 2 folds)\n" in capsys.readouterr().out
    np.testing.assert_array_equal(made, alone(models["good"]))


def test_weights_are_fitted_out_of_fold(models, alone, tmp_path, capsys):
    good, bad = models["good"], models["bad"]
    apart = [alone(each) for each in (good, bad)]
    capsys.readouterr()
    fitted = predicted(tmp_path, "--runs", good, bad, "ensemble.fit=true")
    printed = capsys.readouterr().out
    weights = [
        float(next(w for w in re.findall(rf"(\S+)  LWLRAP \S+  {each}\n", printed))) for each in (good, bad)
    ]
    assert weights[0] > 0.9
    assert sum(weights) == pytest.approx(1.0, abs=0.011)
    np.testing.assert_allclose(fitted, weights[0] * apart[0] + weights[1] * apart[1], atol=0.01)
    assert "weights fitted on 48 " in printed
    plain, with_weights = (
        float(printed.split(text)[0].rpartition("LWLRAP ")[2]) for text in ("  plain mean", "  with these")
    )
    assert plain < with_weights


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{good}", "{run}", "ensemble.weights=[1]"], "expected 2 weights of 0 or more"),
        (["{good}", "ensemble.weights=[1,2]"], "expected 1 weights"),
        (["{good}", "{run}", "ensemble.fit=true"], "run: expected a folder of folds, received a single run"),
        (["{good}", "{bad}", "ensemble.fit=true", "ensemble.weights=[1,2]"], "received both: [1.0, 2.0]"),
    ],
)
def test_wrong_weights_are_refused_before_tensorflow_is_loaded(
    models, tmp_path, monkeypatch, capsys, arguments, words
):
    monkeypatch.setattr(
        "tagging.cli.backend.quiet_tensorflow", lambda *_, **__: pytest.fail("TensorFlow was loaded")
    )
    given = [text.format(**models) for text in arguments]
    assert predict.main(["--runs", *given, "--out", str(tmp_path / "a.csv")]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_weights_are_fitted_on_the_same_clips_only(tiny, models, tmp_path, capsys, no_model):
    config = tiny.config(tmp_path)
    other = Path(make_folds(config, tmp_path / "other", 8, 1.0))
    scores = read_scores(other / "fold-1" / "curated" / "validation_scores.npz")
    lost = scores.fnames[0]
    write_scores(
        other / "fold-1" / "curated" / "validation_scores.npz",
        scores.fnames[1:],
        scores.classes,
        scores.logits[1:],
    )
    fit = ["ensemble.fit=true", "--out", str(tmp_path / "a.csv")]
    assert predict.main(["--runs", models["good"], str(other), *fit]) == 2
    assert f"scores of the same clips, but {other} and " in (error := capsys.readouterr().err)
    assert f"'{lost}' only in one" in error
    assert predict.main(["--runs", models["good"], *fit, f"dataset.exclude=[{lost}]"]) == 2
    assert f"received none of '{lost}'" in capsys.readouterr().err


def test_the_report_says_what_averaging_windows_gains(tiny, models, tmp_path, capsys):
    runs = [models["good"], models["run"]]
    every = predicted(tmp_path, "--runs", *runs, "--report")
    printed = capsys.readouterr().out
    dataset = read_dataset(tiny.config(tmp_path).dataset)
    targets = dataset.targets(dataset.of("test").sort_values("fname"))
    line = next(line for line in printed.splitlines() if line.startswith("ensemble "))
    value = label_ranking_average_precision_score(
        targets.astype(float), every, sample_weight=targets.sum(axis=1).astype(float)
    )
    assert f" {value:.4f} [" in line
    numbers = [float(text) for text in line.replace("[", " ").replace("]", " ").replace(",", " ").split()[1:]]
    loudest, low, high = numbers[0], *numbers[7:9]
    assert numbers[6] == pytest.approx(value - loudest, abs=1.01e-4)
    assert low <= numbers[6] <= high
    assert f"{models['good']} (mean of 2 folds)" in printed
    table = pd.read_csv(tmp_path / "a.per_class.csv")
    assert list(table["label"]) == list(dataset.classes)
    assert (table["lwlrap"] * table["clips"]).sum() / table["clips"].sum() == pytest.approx(value)


def test_how_windows_are_averaged_does_not_touch_the_loudest(models, tmp_path, capsys):
    for name in ("a.csv", "b.csv"):
        arguments = ["--runs", models["run"], "--report", "--out", str(tmp_path / name)]
        assert (
            predict.main([*arguments, "window.average=logit" if name == "b.csv" else "window.hop_s=0.5"]) == 0
        )
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith(models["run"])]
    loudest = [line.split()[1:4] for line in lines]
    assert loudest[0] == loudest[1]
    assert (tmp_path / "a.csv").read_text() != (tmp_path / "b.csv").read_text()


def test_a_report_needs_answers(tiny, models, tmp_path, capsys, no_model, monkeypatch):
    arguments = ["--runs", models["run"], "--report", "--out", str(tmp_path / "a.csv")]
    assert predict.main([*arguments, "--audio", str(tiny.root / "test")]) == 2
    assert "--report" in capsys.readouterr().err
    dataset = read_dataset(tiny.config(tmp_path).dataset)
    dataset.clips["labels"] = [()] * len(dataset.clips)
    monkeypatch.setattr("tagging.commands.parts.predict.read_with_test_clips", lambda *_: dataset)
    assert predict.main(arguments) == 2
    assert "--report needs test clips with answers" in capsys.readouterr().err
