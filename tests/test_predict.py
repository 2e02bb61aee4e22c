"""predict.py as a user types it: runs and test clips, or audio, to scores."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import label_ranking_average_precision_score

import predict
from submissions.writer import read_scores
from tagging.datasets import read_dataset


def run_predict(config: Path, *arguments: str) -> int:
    return predict.main(["--config", str(config), *arguments])


def test_the_submission_has_the_columns_and_rows_of_the_sample(tiny, trained, tmp_path, capsys):
    out = tmp_path / "deep" / "submission.csv"
    assert run_predict(trained, "--out", str(out)) == 0
    sample, made = pd.read_csv(tiny.root / "sample_submission.csv"), pd.read_csv(out)
    assert list(made.columns) == list(sample.columns)
    assert list(made["fname"]) == list(sample["fname"])
    printed = capsys.readouterr().out
    assert f"predicting with {trained.parent / 'runs' / 'curated'}" in printed
    dataset = read_dataset(tiny.config(tmp_path).dataset)
    test = dataset.of("test")
    truth, scores = dataset.targets(test).astype(float), made.drop(columns="fname").to_numpy()
    expected = label_ranking_average_precision_score(truth, scores, sample_weight=truth.sum(axis=1))
    assert f"all  LWLRAP {expected:.4f}" in printed
    assert "public  LWLRAP" in printed
    assert "private  LWLRAP" in printed
    logits = read_scores(out.with_name("submission.logits-1.npz")).logits.astype(float)
    assert f"    loss  {(np.logaddexp(0, logits) - truth * logits).mean():.4f}   (as in training)" in printed
    assert all(name in printed for name in dataset.classes)


def test_several_runs_are_averaged(trained, tmp_path, capsys):
    runs = [str(trained.parent / "runs" / stage) for stage in ("noisy", "curated")]
    out = tmp_path / "s.csv"
    assert run_predict(trained, "--out", str(out), "--runs", *runs) == 0
    scores = pd.read_csv(out).drop(columns="fname").to_numpy()
    members, printed = json.loads((tmp_path / "s.scores.json").read_text())["members"], capsys.readouterr()
    lines = [line for line in printed.out.splitlines() if line.startswith("   alone  ")]
    for line, member in zip(lines, members, strict=True):
        assert line.startswith(f"   alone  LWLRAP {member['scores']['lwlrap']:.4f}")
        assert line.endswith(f"({member['path']})")
    assert "more than once" not in printed.err
    logits = [read_scores(tmp_path / f"s.logits-{i}.npz").logits for i in (1, 2)]
    assert logits[0].dtype == np.float32
    np.testing.assert_allclose(
        scores, np.mean([1 / (1 + np.exp(-z.astype(float))) for z in logits], axis=0), rtol=1e-9
    )
    assert run_predict(trained, "--out", str(out), "--runs", *runs, "ensemble.weights=[1,3]") == 0
    weighted = pd.read_csv(out).drop(columns="fname").to_numpy()
    sigmoids = [1 / (1 + np.exp(-z.astype(float))) for z in logits]
    np.testing.assert_allclose(weighted, (sigmoids[0] + 3 * sigmoids[1]) / 4, rtol=1e-9)


def test_a_folder_of_raw_audio_is_cleaned_as_the_run_was_trained(tiny, trained, tmp_path, capsys):
    """The raw test clips, without the data set or the config, score as the clean ones do; a bad file is named."""
    audio, run = tmp_path / "my audio", trained.parent / "runs" / "curated"
    shutil.copytree(tiny.root / "test", audio / "inside")
    (audio / "broken.wav").write_text("no sound")
    assert predict.main(["--runs", str(run), "--audio", str(audio), "--out", str(tmp_path / "mine.csv")]) == 1
    assert "1 of 25 files could not be used: broken.wav" in capsys.readouterr().err
    assert list(pd.read_csv(tmp_path / "mine.refused.csv")["fname"]) == ["broken.wav"]
    assert run_predict(trained, "--runs", str(run), "--out", str(tmp_path / "test.csv")) == 0
    mine, test = (pd.read_csv(tmp_path / name).set_index("fname") for name in ("mine.csv", "test.csv"))
    mine.index = mine.index.str.removeprefix("inside/")
    np.testing.assert_allclose(mine.loc[test.index].to_numpy(), test.to_numpy(), atol=1e-6)


def test_without_a_clean_folder_the_test_clips_are_cleaned_for_the_moment(trained, tmp_path):
    run = str(trained.parent / "runs" / "curated")
    for name, override in (("a.csv", []), ("b.csv", [f"clean_dir={tmp_path / 'none'}"])):
        assert run_predict(trained, "--runs", run, "--out", str(tmp_path / name), *override) == 0
    a, b = (pd.read_csv(tmp_path / name) for name in ("a.csv", "b.csv"))
    pd.testing.assert_frame_equal(a, b, atol=1e-6)
    assert not (tmp_path / "none").exists()


def test_a_test_clip_without_audio_gets_the_training_shares(tiny, trained, tmp_path, capsys):
    shutil.copytree(tiny.root, tmp_path / "raw")
    sample = pd.read_csv(tmp_path / "raw" / "sample_submission.csv")
    lost = sample["fname"][3]
    (tmp_path / "raw" / "test" / lost).unlink()
    arguments = [f"dataset.root={tmp_path / 'raw'}", f"clean_dir={tmp_path / 'clean'}"]
    out = tmp_path / "s.csv"
    assert run_predict(trained, "--out", str(out), *arguments) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(
        "1 of 24 test clips could not be used and have the classes' training shares as scores: "
    )
    assert lost in error
    assert list(pd.read_csv(tmp_path / "s.refused.csv")["fname"]) == [lost]
    made = pd.read_csv(out).set_index("fname")
    assert list(made.index) == list(sample["fname"])
    dataset = read_dataset(tiny.config(tmp_path).dataset)
    part = pd.read_csv(trained.parent / "runs" / "curated" / "split.csv").set_index("fname")["part"]
    curated = dataset.of("curated").set_index("fname", drop=False).loc[part.index[part == "train"]]
    np.testing.assert_allclose(made.loc[lost], dataset.targets(curated).mean(axis=0), rtol=1e-5, atol=2e-6)


def test_predict_takes_what_it_can_change_and_refuses_the_rest(trained, tmp_path, capsys):
    outs = [tmp_path / name for name in ("a.csv", "b.csv")]
    assert run_predict(trained, "--out", str(outs[0])) == 0
    assert (
        run_predict(trained, "--out", str(outs[1]), "window.hop_s=0.1", "window.average=logit", "seed=3") == 0
    )
    a, b = (pd.read_csv(out).drop(columns="fname").to_numpy() for out in outs)
    assert not np.allclose(a, b)
    for key, stored, asked in (("cleaning.rate_hz", "16000", "8000"), ("train.epochs", "2", "1")):
        assert run_predict(trained, "--out", str(outs[0]), f"{key}={asked}") == 2
        assert f"was trained with {stored}, received {asked}" in capsys.readouterr().err


def test_an_audio_folder_shows_tags_and_leaves_the_submission_alone(
    tiny, trained, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    run, audio = trained.parent / "runs" / "curated", tiny.root / "test"
    assert predict.main(["--runs", str(run), "--audio", str(audio)]) == 0
    assert not (tmp_path / "submission.csv").exists()
    made = pd.read_csv(tmp_path / "predictions.csv").set_index("fname")
    first = made.iloc[0].sort_values(ascending=False)
    shown = capsys.readouterr().out
    assert f"{made.index[0]}: {first.index[0]} {first.iloc[0]:.2f}, {first.index[1]}" in shown
    assert "... and 4 more" in shown
