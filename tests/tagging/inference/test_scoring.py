"""predict.py: what it takes for audio, what it refuses, and what it leaves behind. Runs have random weights."""

import json
import shutil
from argparse import ArgumentTypeError
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

import predict
from preprocessing.clean import clean_dataset
from tagging.datasets import read_dataset
from tagging.evaluation.multilabel import lwlrap
from tagging.runs.run import Run
from tests.tagger_helpers import untrained_run

pytestmark = pytest.mark.usefixtures("eagerly")


def make_run(config, path: Path) -> str:
    return str(untrained_run(path, config, read_dataset(config.dataset).classes))


@pytest.fixture(scope="module")
def run(tiny, tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("run")
    return make_run(tiny.config(folder), folder / "run")


@pytest.fixture(scope="module")
def slow_run(tiny, tmp_path_factory) -> str:
    """One of audio at 8 kHz."""
    folder = tmp_path_factory.mktemp("slow")
    config = tiny.config(
        folder, "cleaning.rate_hz=8000", f"clean_dir={folder / 'none'}", "frontend.fmax_hz=4000"
    )
    return make_run(config, folder / "slow_run")


@pytest.fixture
def cleanings(monkeypatch):
    """How often audio was cleaned to a temporary folder."""
    made = []
    monkeypatch.setattr(
        "tagging.datasets.cleaned.clean_dataset",
        lambda *args, **options: made.append(args[1]) or clean_dataset(*args, **options),
    )
    return made


@pytest.fixture
def no_model(monkeypatch):
    monkeypatch.setattr(Run, "load_model", lambda self: pytest.fail("a model was loaded"))


def scores(path: Path) -> pd.DataFrame:
    return pd.read_csv(path).set_index("fname").sort_index()


def test_equal_cleaning_is_shared_and_each_other_one_is_done_once(run, slow_run, tmp_path, cleanings):
    runs, missing = [run, slow_run, run, slow_run], f"clean_dir={tmp_path / 'none'}"
    assert predict.main(["--runs", *runs, missing, "--out", str(tmp_path / "a.csv")]) == 0
    assert len(cleanings) == 2
    logits = [np.load(tmp_path / f"a.logits-{i}.npz")["logits"] for i in (1, 2, 3, 4)]
    np.testing.assert_array_equal(logits[0], logits[2])
    np.testing.assert_array_equal(logits[1], logits[3])
    assert predict.main(["--runs", run, "--out", str(tmp_path / "b.csv")]) == 0
    assert len(cleanings) == 2, "the clean folder is used"
    np.testing.assert_allclose(np.load(tmp_path / "b.logits-1.npz")["logits"], logits[0], atol=1e-5)
    assert np.abs(logits[0] - logits[1]).max() > 0.01


def test_logits_of_an_earlier_and_larger_ensemble_do_not_stay(run, tmp_path):
    for name in ("ab.logits-2.npz", "a.logits-x.npz", "a.logits-11.npz"):
        (tmp_path / name).write_bytes(b"somebody else's")
    for runs, known in (([run, run], {"a.logits-1.npz", "a.logits-2.npz"}), ([run], {"a.logits-1.npz"})):
        assert predict.main(["--runs", *runs, "--out", str(tmp_path / "a.csv")]) == 0
        names = {path.name for path in tmp_path.glob("[!.]*")}
        scores = {"a.scores.json", "a.per_class.csv"}
        assert names == {"a.csv", *scores, *known, "ab.logits-2.npz", "a.logits-x.npz", "a.logits-11.npz"}


def test_scores_of_an_earlier_prediction_do_not_stay_where_answers_are_not_known(tiny, run, tmp_path):
    out = ["--out", str(tmp_path / "a.csv")]
    assert predict.main(["--runs", run, *out]) == 0
    report = json.loads((tmp_path / "a.scores.json").read_text())
    assert set(report["scores"]) == {"all", "private", "public"}
    assert [member["path"] for member in report["members"]] == [run]
    (tmp_path / "a.per_class.csv").write_text("edited")
    assert predict.main(["--runs", run, "--audio", str(tiny.root / "test" / clip_names(tiny)[0]), *out]) == 0
    assert not (tmp_path / "a.scores.json").exists()
    assert (tmp_path / "a.per_class.csv").read_text() == "edited"


def test_a_clean_folder_that_does_not_fit_is_passed_over(tiny, run, tmp_path, cleanings, capsys):
    clean = shutil.copytree(tiny.clean, tmp_path / "clean")
    next((clean / "test").iterdir()).unlink()
    assert predict.main(["--runs", run, f"clean_dir={clean}", "--out", str(tmp_path / "a.csv")]) == 0
    assert len(cleanings) == 1
    printed = capsys.readouterr().err
    assert "1 clip of test is not cleaned yet" in printed
    assert "cleaning 24 clips " in printed


def broken_copy(tiny, folder: Path, *broken: int) -> tuple[list[str], list[str]]:
    """Settings of a copy of the data set, some of whose test clips are empty files, and their names."""
    root = shutil.copytree(tiny.root, folder / "raw")
    names = [clip_names(tiny)[k] for k in broken]
    for name in names:
        (root / "test" / name).write_bytes(b"")
    return [f"dataset.root={root}", f"clean_dir={folder / 'none'}"], names


def test_without_any_test_audio_no_model_is_loaded(tiny, run, tmp_path, no_model, capsys):
    given, _ = broken_copy(tiny, tmp_path, *range(24))
    assert predict.main(["--runs", run, *given, "--out", str(tmp_path / "a.csv")]) == 2
    assert "expected usable test clips, found none: " in capsys.readouterr().err
    assert not list(tmp_path.glob("a.*"))


def test_an_unusable_test_clip_costs_no_other_one(tiny, run, slow_run, tmp_path, capsys):
    """It has the training shares, of an ensemble their mean, and counts in the score as in Kaggle's."""
    runs = [shutil.copytree(each, tmp_path / Path(each).name) for each in (run, slow_run)]
    dataset = read_dataset(tiny.config(tmp_path).dataset)
    shares = np.random.default_rng(0).uniform(0.1, 0.9, (2, len(dataset.classes)))
    for path, row in zip(runs, shares, strict=True):
        info = json.loads((path / "run.json").read_text())
        (path / "run.json").write_text(json.dumps({**info, "train_mean": row.tolist()}))
    given, names = broken_copy(tiny, tmp_path, 5, 3)
    out, whole = tmp_path / "a.csv", tmp_path / "whole.csv"
    ensemble = ["--runs", *map(str, runs)]
    assert predict.main([*ensemble, "--out", str(whole), f"clean_dir={tmp_path / 'none'}"]) == 0
    capsys.readouterr()
    assert predict.main([*ensemble, *given, "--report", "--out", str(out)]) == 1
    printed = capsys.readouterr()
    assert (
        "2 of 24 test clips could not be used and have the classes' training shares as scores: "
        in printed.err
    )
    assert f"{tmp_path / 'a.refused.csv'} lists them all" in printed.err
    made, expected = (pd.read_csv(path).set_index("fname") for path in (out, whole))
    assert list(made.index) == list(pd.read_csv(tiny.root / "sample_submission.csv")["fname"])
    rest = made.index.difference(names)
    np.testing.assert_allclose(made.loc[rest], expected.loc[rest], atol=1e-5)
    np.testing.assert_allclose(made.loc[names], [shares.mean(axis=0)] * 2, rtol=1e-5)
    refused = pd.read_csv(tmp_path / "a.refused.csv")
    assert list(refused["fname"]) == [name for name in made.index if name in names]
    assert refused["reason"].str.len().min() > 0
    test = dataset.of("test")
    score = lwlrap(dataset.targets(test), made.loc[test["fname"]].to_numpy())
    assert f"all  LWLRAP {score:.4f} " in printed.out
    assert "(24 clips)" in printed.out
    assert predict.main([*ensemble, "--out", str(out)]) == 0
    assert not (tmp_path / "a.refused.csv").exists(), "it was of an earlier prediction"


def test_a_run_of_an_older_version_gives_its_mean_score(tiny, run, tmp_path, capsys):
    given, (name,) = broken_copy(tiny, tmp_path, 7)
    assert predict.main(["--runs", run, *given, "--out", str(tmp_path / "a.csv")]) == 1
    assert "1 of 24 test clips could not be used and have mean scores: " in capsys.readouterr().err
    made = pd.read_csv(tmp_path / "a.csv").set_index("fname")
    np.testing.assert_allclose(made.loc[name], made.drop(name).mean(), rtol=1e-4)


@pytest.mark.parametrize("out", ["folder", "file/a.csv", "folder/deep/file/../../../file/a.csv"])
def test_out_is_checked_before_anything_is_loaded(run, tmp_path, monkeypatch, capsys, out):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    monkeypatch.setattr(
        "tagging.cli.backend.quiet_tensorflow", lambda *_, **__: pytest.fail("TensorFlow was loaded")
    )
    assert predict.main(["--runs", run, "--out", str(tmp_path / out)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "--out: expected a file" in error


@pytest.mark.parametrize("part", ["", "test"])
def test_the_files_of_a_clean_folder_are_not_cleaned_twice(tiny, run, tmp_path, cleanings, part, monkeypatch):
    monkeypatch.chdir(tiny.clean / part)
    assert predict.main(["--runs", run, "--audio", ".", "--out", str(tmp_path / "a.csv")]) == 0
    assert predict.main(["--runs", run, "--out", str(tmp_path / "b.csv")]) == 0
    assert cleanings == []
    a, b = scores(tmp_path / "a.csv"), scores(tmp_path / "b.csv")
    a.index = a.index.str.removeprefix("test/")
    assert len(a) == (24 if part else 112)
    np.testing.assert_allclose(a.loc[b.index], b, atol=1e-6)


def test_a_clean_folder_of_other_settings_is_an_error(tiny, slow_run, tmp_path, no_model, capsys):
    arguments = ["--runs", slow_run, "--audio", str(tiny.clean / "test"), "--out", str(tmp_path / "a.csv")]
    assert predict.main(arguments) == 2
    assert "rate_hz is 16000 there, 8000" in capsys.readouterr().err


def test_every_file_of_a_folder_that_may_be_audio_counts(tiny, run, tmp_path, capsys):
    folder = tmp_path / "my=audio"
    (folder / ".cache").mkdir(parents=True)
    samples, rate_hz = sf.read(next((tiny.root / "test").iterdir()))
    sf.write(folder / "a.w64", samples, rate_hz)
    sf.write(folder / "strange.suffix", samples, rate_hz, format="FLAC")
    for other in ("notes.txt", "labels.CSV", "README"):
        (folder / other).write_text("no sound")
    for hidden in (".hidden.wav", ".cache/x.wav"):
        sf.write(folder / hidden, samples, rate_hz)
    out = tmp_path / "a.csv"
    assert predict.main(["--runs", run, "--audio", str(folder), "--out", str(out)]) == 0
    passed_over = [line for line in capsys.readouterr().err.splitlines() if "my=audio" in line]
    assert passed_over == [
        f"{folder}: skipped 3 non-audio files by name (e.g. README); to try one, name the file itself"
    ]
    table = scores(out)
    assert list(table.index) == ["a.w64", "strange.suffix"]
    single = ["--audio", str(folder / "a.w64"), "--out", str(tmp_path / "b.csv")]
    assert predict.main(["--runs", run, *single]) == 0
    assert predict.main(["--runs", run, "--audio", str(folder / "notes.txt"), "--out", str(out)]) == 2
    assert "expected usable audio, found none: notes.txt (" in capsys.readouterr().err
    np.testing.assert_allclose(scores(tmp_path / "b.csv").loc["a.w64"], table.loc["a.w64"], atol=1e-6)


def test_a_folder_without_files_or_without_sound(run, tmp_path, capsys):
    for name, file, words in (
        ("empty", ".hidden.wav", "found none"),
        (
            "texts",
            "x.txt",
            "found none; skipped 1 non-audio file by name (e.g. x.txt)",
        ),
        ("bad", "x.wav", "expected usable audio, found none: x.wav ("),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).touch()
        assert (
            predict.main(["--runs", run, "--audio", str(tmp_path / name), "--out", str(tmp_path / "a.csv")])
            == 2
        )
        assert words in capsys.readouterr().err


def test_a_path_with_an_equals_sign_is_no_override(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("runs/lr=0.1", "seed=5"):
        shutil.copytree(run, name)
    for path in ("runs/lr=0.1", "seed=5"):
        assert predict._run_or_override(path) == Path(path)
    for override in ("seed=6", "ensemble.weights=[1,1,1]", "_x="):
        assert predict._run_or_override(override) == override
    for missing in ("/none/x=y", "a-b=c"):
        with pytest.raises(ArgumentTypeError, match="expected a run folder"):
            predict._run_or_override(missing)


def new_clips(tiny, folder: Path, labels: dict[int, str]) -> list[str]:
    """Settings of a table of the first test clips with these labels, of clips that no run has seen."""
    rows = [f"{name},{labels[k]},test" for k, name in enumerate(clip_names(tiny)) if k in labels]
    (folder / "clips.csv").write_text("\n".join(["path,labels,split", *rows]))
    root = tiny.root / "test"
    return ["dataset.layout=csv", f"dataset.root={root}", f"dataset.table={folder / 'clips.csv'}"]


def clip_names(tiny) -> list[str]:
    return sorted(path.name for path in (tiny.root / "test").iterdir())


def test_a_run_scores_clips_of_some_of_its_classes(tiny, run, tmp_path, capsys):
    classes = read_dataset(tiny.config(tmp_path).dataset).classes
    given = new_clips(tiny, tmp_path, {0: classes[3], 1: classes[1], 2: f"{classes[3]};{classes[1]}"})
    assert predict.main(["--runs", run, *given, "--report", "--out", str(tmp_path / "a.csv")]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    made = pd.read_csv(tmp_path / "a.csv").set_index("fname")
    assert tuple(made.columns) == classes, "the run's classes rule"
    targets = np.zeros((3, len(classes)))
    targets[[0, 2], 3] = targets[[1, 2], 1] = 1
    assert f"LWLRAP {lwlrap(targets, made.to_numpy()):.4f} " in printed.out
    assert "(3 clips)" in printed.out
    assert list(pd.read_csv(tmp_path / "a.per_class.csv")["clips"]) == list(targets.sum(axis=0))


def test_labels_that_a_run_does_not_know_are_named(tiny, run, tmp_path, capsys):
    known = read_dataset(tiny.config(tmp_path).dataset).classes[3]
    given = new_clips(tiny, tmp_path, {0: known, 1: "Gong", 2: f"Gong;{known}"})
    assert predict.main(["--runs", run, *given, "--out", str(tmp_path / "a.csv")]) == 0
    printed = capsys.readouterr()
    assert "are no answers: 'Gong'; 1 test clips that have no other label are predicted" in printed.err
    assert "(2 clips)" in printed.out
    assert len(pd.read_csv(tmp_path / "a.csv")) == 3
    given = new_clips(tiny, tmp_path, {0: "Gong", 1: "Bell"})
    assert predict.main(["--runs", run, *given, "--out", str(tmp_path / "b.csv")]) == 2
    assert "received other ones: " in capsys.readouterr().err
