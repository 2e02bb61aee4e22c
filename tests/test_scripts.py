"""The three scripts as a user types them, from raw clips to a submission."""

import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from sklearn.metrics import label_ranking_average_precision_score

import predict
import preprocess
import train
from submissions.writer import read_scores
from tagging import __main__ as tagging_main
from tagging.__main__ import COMMANDS
from tagging.datasets import read_dataset
from tagging.datasets.layouts.demo import make_demo
from tagging.plots import distributions
from tagging.training import train as train_module

ROOT = Path(__file__).parents[1]


def run_predict(config: Path, *arguments: str) -> int:
    return predict.main(["--config", str(config), *arguments])


@pytest.mark.slow
@pytest.mark.parametrize(
    "script",
    ["preprocess.py", "train.py", "predict.py", "-m tagging", *(f"-m tagging {name}" for name in COMMANDS)],
)
def test_help_is_instant_and_loads_nothing_heavy(script):
    command = [sys.executable, "-X", "importtime", *script.split(), "--help"]
    times = []
    for _ in range(3):
        start = os.times()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
        times.append(
            sum(os.times()[2:4]) - sum(start[2:4])
        )  # of the child's processor: others may be busy, too
    assert "usage:" in done.stdout
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert loaded.isdisjoint({"tensorflow", "keras", "numpy", "pandas", "librosa", "omegaconf"})
    assert min(times) < 0.7


def test_the_demo_config_is_the_default_and_every_script_runs_on_it(tmp_path, monkeypatch, capsys):
    """The commands of the README, with fewer epochs, in an empty folder with the configs."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    monkeypatch.chdir(tmp_path)
    small = partial(make_demo, n_curated=48, n_noisy=24, n_test=12)
    monkeypatch.setattr("tagging.datasets.layouts.demo.make_demo", small)
    assert preprocess.main([]) == 0
    assert train.main(["--stage", "noisy", "train.epochs=1"]) == 0
    assert predict.main([]) == 0
    assert "predicting with runs/demo/noisy" in capsys.readouterr().out
    assert train.main(["--stage", "curated", "train.epochs=1"]) == 0
    assert predict.main([]) == 0
    assert "predicting with runs/demo/curated" in capsys.readouterr().out
    sample = pd.read_csv("data/demo/sample_submission.csv")
    assert list(pd.read_csv("submission.csv")["fname"]) == list(sample["fname"])


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


def test_several_runs_are_averaged(trained, tmp_path):
    runs = [str(trained.parent / "runs" / stage) for stage in ("noisy", "curated")]
    out = tmp_path / "s.csv"
    assert run_predict(trained, "--out", str(out), "--runs", *runs) == 0
    scores = pd.read_csv(out).drop(columns="fname").to_numpy()
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


def test_preprocess_reports_and_goes_on_after_bad_clips(tiny, tmp_path, capsys):
    shutil.copytree(tiny.root, tmp_path / "raw")
    noisy = sorted((tmp_path / "raw" / "train_noisy").iterdir())
    noisy[0].write_bytes(b"")
    noisy[1].write_text("no sound")
    noisy[2].unlink()
    shutil.copy(noisy[3], noisy[4])
    config = tiny.write_config(tmp_path)
    arguments = [
        "--config",
        str(config),
        "--jobs",
        "1",
        f"dataset.root={tmp_path / 'raw'}",
        f"clean_dir={tmp_path / 'c'}",
    ]
    assert preprocess.main(arguments) == 0
    done = capsys.readouterr()
    for path in noisy[:3]:
        assert path.name in done.err
    assert "duplicates" in done.out
    assert "1 of them in two splits" not in done.out
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "c").rglob("*.wav")}
    assert "3 of" in done.err.splitlines()[-1]
    assert done.err.splitlines()[-1].endswith(
        f"clips cannot be used; {tmp_path / 'c' / 'manifest.csv'} lists them all"
    )
    assert preprocess.main([*arguments, "--strict"]) == 1
    assert preprocess.main(arguments) == 0
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "c").rglob("*.wav")} == before
    assert preprocess.main([*arguments, "cleaning.min_kept_s=0.1"]) == 2
    assert "min_kept_s" in capsys.readouterr().err
    assert preprocess.main([*arguments, "cleaning.min_kept_s=0.1", "--force"]) == 0


def test_a_split_without_a_usable_clip_is_a_failure(tiny, tmp_path, capsys):
    shutil.copytree(tiny.root, tmp_path / "raw")
    for path in (tmp_path / "raw" / "test").iterdir():
        path.write_bytes(b"")
    arguments = [f"dataset.root={tmp_path / 'raw'}", f"clean_dir={tmp_path / 'c'}", "--jobs", "1"]
    assert preprocess.main(["--config", str(tiny.write_config(tmp_path)), *arguments]) == 1
    assert capsys.readouterr().err.splitlines()[-1].endswith("in split test")


def test_previews_lie_next_to_the_clean_folder_whatever_its_name(tiny, tmp_path, monkeypatch, capsys):
    config = ["--config", str(tiny.write_config(tmp_path))]
    (tmp_path / "here" / "below").mkdir(parents=True)
    for place, clean_dir in (("here", "."), ("here/below", ".."), ("here", "x/"), ("here", "./x")):
        monkeypatch.chdir(tmp_path / place)
        assert preprocess.main([*config, "--preview", "1", f"clean_dir={clean_dir}"]) == 0
        expected = tmp_path / ("here_preview" if clean_dir in (".", "..") else "here/x_preview")
        assert capsys.readouterr().out.splitlines() == [str(expected)]
        assert len(list(expected.glob("*.png"))) == 1
        shutil.rmtree(expected)
    with pytest.raises(SystemExit):
        preprocess.main([*config, "--preview", "0"])
    assert "expected a whole number of at least 1, received 0" in capsys.readouterr().err


def test_plots_shows_the_hold_out_of_training(tiny, trained, tmp_path, monkeypatch):
    from tagging.plots import dataset as figures

    split = pd.read_csv(trained.parent / "runs" / "curated" / "split.csv")
    split["part"] = split["part"].map({"train": "validation", "validation": "train"})
    split.to_csv(tmp_path / "own.csv", index=False)
    shares = []
    monkeypatch.setattr(
        figures.distributions, "label_shares", lambda classes, ways, path: shares.append(ways)
    )
    config = tiny.config(tmp_path, f"split.file={tmp_path / 'own.csv'}")
    figures._label_shares(config, read_dataset(config.dataset), tmp_path / "a.png")
    train_side, validation_side = shares[0]["as trained"]
    assert (len(train_side), len(validation_side)) == tuple(
        split["part"].value_counts()[["train", "validation"]]
    )


def test_plots_are_written(tiny, trained, tmp_path, capsys):
    config = ["--config", str(trained)]
    assert train.main([*config, "--stage", "noisy", "--show-batch", str(tmp_path / "batch.png")]) == 0
    assert tagging_main.main(["plots", *config, "--out", str(tmp_path)]) == 0
    runs = [str(trained.parent / "runs" / stage) for stage in ("noisy", "curated")]
    assert tagging_main.main(["curves", *runs, "--out", str(tmp_path / "learning_curves.png")]) == 0
    assert preprocess.main([*config, "--preview", "2", f"clean_dir={tmp_path / 'c'}"]) == 0
    names = {
        "batch",
        "waveforms",
        "log_mel",
        "classes",
        "label_histograms",
        "label_shares",
        "learning_curves",
    }
    assert {p.stem for p in tmp_path.glob("*.png")} == names
    assert len(list((tmp_path / "c_preview").glob("*.png"))) == 2
    assert all(p.stat().st_size > 5000 for p in tmp_path.glob("*.png"))


def test_plots_of_merged_labels_show_them_before_too(tiny, tmp_path, monkeypatch):
    draw, drawn = distributions.label_histograms, []
    monkeypatch.setattr(
        distributions, "label_histograms", lambda dataset, path: drawn.append(dataset) or draw(dataset, path)
    )
    config = ["--config", str(tiny.write_config(tmp_path)), "dataset.layout=csv", f"dataset.root={tiny.root}"]
    table = pd.read_csv(tiny.root / "train_curated.csv").rename(columns={"fname": "path"})
    table.assign(path="train_curated/" + table["path"]).to_csv(tmp_path / "clips.csv", index=False)
    first, second = sorted(set(",".join(table["labels"]).split(",")))[:2]
    config += [f"dataset.table={tmp_path / 'clips.csv'}", f"dataset.merge={{{first}: {second}}}"]
    out = tmp_path / "figures"
    assert tagging_main.main(["plots", *config, "split.test_share=0.25", "--out", str(out)]) == 0
    names = {path.stem for path in out.iterdir()}
    assert {"label_histograms", "label_histograms_before", "classes"} <= names
    after, before = drawn
    assert set(before.classes) - set(after.classes) == {first}
    shares = [(dataset.clips["split"] == "test").mean() for dataset in drawn]
    assert shares == pytest.approx([0.25, 0.25], abs=0.03), "the test clips that are drawn are in both"


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


@pytest.mark.parametrize(
    ("script", "arguments", "words"),
    [
        (
            train,
            ["--stage", "curate"],
            "out of noisy, curated, received 'curate'. Did you mean: 'curated'?",
        ),
        (train, ["model.nme=x"], "Did you mean: 'model.name'"),
        (train, ["--config", "none.yaml"], "no such file; configs are in configs/. Did you mean: 'configs/"),
        (train, ["model.name=resnet"], "received 'resnet'. Did you mean: 'resnet50'?"),
        (predict, ["dataset.rooot=x", "--out", "{runs}/curated/run.json"], "Did you mean: 'dataset.root'?"),
        (predict, ["--out", "{tmp}/mine.csv"], "choose another name with --out, or move it away"),
        (train, ["dataset.root=nowhere", "run_dir={tmp}/r"], "nowhere"),
        (train, ["clean_dir=nowhere", "--stage", "noisy", "run_dir={tmp}/r"], "nowhere"),
        (train, ["model.name=vgg", "--stage", "noisy", "run_dir={tmp}/r"], "expected model.name out of"),
        (train, ["frontend.name=x", "--stage", "noisy", "run_dir={tmp}/r"], "expected frontend.name out of"),
        (predict, ["run_dir=nowhere"], "expected a finished stage under nowhere"),
        (predict, ["--runs", "{runs}"], "did you mean"),
        (preprocess, ["dataset.layout=cvs"], "fsdkaggle2019"),
    ],
)
def test_a_mistake_ends_in_one_line_and_a_code(trained, tmp_path, capsys, script, arguments, words):
    (tmp_path / "mine.csv").write_text("mine")
    given = [text.format(tmp=tmp_path, runs=trained.parent / "runs") for text in arguments]
    config = [] if "--config" in arguments else ["--config", str(trained)]
    assert script.main([*config, *given]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error
    assert error.count("error:") == 1


def test_a_bug_is_not_hidden(trained, monkeypatch):
    monkeypatch.setattr(train_module, "train_stage", lambda *a, **k: (_ for _ in ()).throw(ValueError("bug")))
    with pytest.raises(ValueError, match="bug"):
        train.main(["--config", str(trained)])


def test_ctrl_c_ends_in_one_line_and_130(trained, monkeypatch, capsys):
    monkeypatch.setattr(train_module, "train_stage", lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt))
    assert train.main(["--config", str(trained)]) == 130
    assert "interrupted" in capsys.readouterr().err


@pytest.mark.slow
def test_tensorflow_does_not_chatter(trained, tmp_path):
    runs = shutil.copytree(trained.parent / "runs", tmp_path / "runs")  # training locks what it looks at
    command = [sys.executable, "train.py", "--config", str(trained), f"run_dir={runs}", "--jobs", "1"]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=environment)  # noqa: S603
    assert done.stderr == ""
    assert done.stdout.count("is finished") == 2


def test_clean_audio_is_what_training_reads(tiny):
    path = next((tiny.clean / "curated").iterdir())
    info = sf.info(path)
    assert (info.samplerate, info.channels, info.subtype) == (16_000, 1, "PCM_16")


def test_shards_of_preprocess_make_the_manifest_of_one_command(tiny, tmp_path, capsys):
    def manifest(clean_dir: Path) -> list[str]:
        """Without the times of clean files."""
        return [line.rpartition(",")[0] for line in (clean_dir / "manifest.csv").read_text().splitlines()]

    command = ["--config", str(tiny.write_config(tmp_path)), f"clean_dir={tmp_path / 'clean'}", "--jobs", "1"]
    for shard in ("2/2", "1/2"):
        assert preprocess.main([*command, "--shard", shard]) == 0
    assert "shard 1/2 is done; once all are, the same command without --shard" in capsys.readouterr().out
    assert preprocess.main(command) == 0
    assert manifest(tmp_path / "clean") == manifest(tiny.clean)
    assert preprocess.main([*command, "--shard", "1/2", "--force"]) == 2
    assert "cannot be combined with --preview or --force" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        preprocess.main([*command, "--shard", "3/2"])
    assert "expected a shard i/n, such as 3/16" in capsys.readouterr().err
