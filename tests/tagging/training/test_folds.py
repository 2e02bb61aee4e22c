"""Training in folds: every checked clip is held out once, and the same command goes on where it stopped."""

import contextlib
import io
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import label_ranking_average_precision_score

import train
from submissions.writer import read_scores
from tagging.datasets import read_dataset
from tagging.runs.folds import latest_member, out_of_fold, read_member
from tagging.runs.run import RunError
from tagging.training import folds as folds_module
from tagging.training.data import stage_data
from tests.training_helpers import history, run_eagerly

pytestmark = pytest.mark.usefixtures("eagerly")

EPOCH = "train.epochs=1"


class Trained(NamedTuple):
    config: Path
    runs: Path
    noisy_printed: str
    printed: str


def train_folds(config: Path, *arguments: str) -> str:
    """What `train.py --folds 2` prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert train.main(["--config", str(config), "--folds", "2", EPOCH, *arguments]) == 0
    return printed.getvalue()


@pytest.fixture(scope="module")
def trained(tiny, shared) -> Trained:
    """Two folds of both stages, the first stage by a command of its own; for reading."""

    def make(folder: Path) -> None:
        config = tiny.write_config(folder)
        with run_eagerly():
            (folder / "noisy.txt").write_text(train_folds(config, "--stage", "noisy"))
            assert not (folder / "runs" / "oof_scores.npz").exists()
            (folder / "both.txt").write_text(train_folds(config))

    folder = shared("folds", make)
    printed = [(folder / f"{name}.txt").read_text() for name in ("noisy", "both")]
    return Trained(folder / "tiny.yaml", folder / "runs", *printed)


@pytest.fixture
def copied(tiny, trained, tmp_path) -> Trained:
    """The same, for training in and for changing."""
    return trained._replace(
        config=tiny.write_config(tmp_path), runs=shutil.copytree(trained.runs, tmp_path / "runs")
    )


def truth(tiny, folder, fnames) -> np.ndarray:
    dataset = read_dataset(tiny.config(folder).dataset)
    clips = dataset.of("curated").set_index("fname", drop=False)
    return dataset.targets(clips.loc[fnames]).astype(float)


def test_folds_validate_stages_of_noisy_clips_too(tiny, tmp_path):
    config = tiny.config(tmp_path, "split.noisy_share=0.25")
    for fold in folds_module._fold_configs(config, read_dataset(config.dataset), 2, False):
        assert stage_data(fold, fold.stage("noisy")).noisy is None


def test_each_clip_is_held_out_once(tiny, trained):
    fold = pd.read_csv(trained.runs / "folds.csv").set_index("fname")["fold"]
    curated = read_dataset(tiny.config(trained.config.parent).dataset).of("curated")
    assert list(fold.index) == list(curated["fname"])
    assert sorted(set(fold)) == [1, 2]
    for number in (1, 2):
        for stage in ("noisy", "curated"):
            split = pd.read_csv(trained.runs / f"fold-{number}" / stage / "split.csv").set_index("fname")[
                "part"
            ]
            assert ((split == "validation") == (fold == number)).all()


def test_out_of_fold_scores_are_those_of_the_runs_that_had_not_seen_the_clip(tiny, trained):
    scores = read_scores(trained.runs / "oof_scores.npz")
    fold = pd.read_csv(trained.runs / "folds.csv").set_index("fname")["fold"]
    assert scores.fnames == list(fold.index)
    for number in (1, 2):
        part = read_scores(trained.runs / f"fold-{number}" / "curated" / "validation_scores.npz")
        rows = [scores.fnames.index(name) for name in part.fnames]
        assert set(part.fnames) == set(fold.index[fold == number])
        np.testing.assert_array_equal(scores.logits[rows], part.logits)


def test_the_screen_says_the_score_of_each_fold_and_of_all(tiny, trained):
    assert "stage noisy, out of fold" in trained.noisy_printed
    assert "stage curated, out of fold" in trained.printed
    scores = read_scores(trained.runs / "oof_scores.npz")
    targets = truth(tiny, trained.config.parent, scores.fnames)
    whole = label_ranking_average_precision_score(
        targets, scores.logits.astype(float), sample_weight=targets.sum(axis=1)
    )
    assert f"all  LWLRAP {whole:.4f} [" in trained.printed
    assert "95 % bootstrap interval over 48 clips" in trained.printed
    for number in (1, 2):
        score = read_member(trained.runs).runs[number - 1].info["validation"]["lwlrap"]
        assert f"{number}  LWLRAP {score:.4f}   (" in trained.printed


def test_an_interrupted_training_goes_on_and_ends_the_same(tiny, trained, tmp_path, monkeypatch, capsys):
    """The first fold was trained elsewhere; the second one is trained here."""
    config, first = tiny.write_config(tmp_path), Path("fold-1", "noisy")

    def cut(of_fold, stage, **options):
        if Path(of_fold.run_dir, stage) == tmp_path / "runs" / first:
            return shutil.copytree(trained.runs / first, tmp_path / "runs" / first)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(folds_module, "train_stage", cut)
        command = ["--folds", "2", EPOCH, "--stage", "noisy"]
        assert train.main(["--config", str(config), *command]) == 130
    assert "resume" in capsys.readouterr().err
    assert train_folds(config, "--stage", "noisy").count("is finished") == 1
    for fold in (1, 2):
        ours, theirs = (
            read_scores(runs / f"fold-{fold}" / "noisy" / "validation_scores.npz")
            for runs in (tmp_path / "runs", trained.runs)
        )
        assert ours.fnames == theirs.fnames
        np.testing.assert_array_equal(ours.logits, theirs.logits)


@pytest.mark.slow
def test_folds_on_two_devices_equal_serial_ones(tiny, trained, tmp_path):
    config = tiny.write_config(tmp_path)
    printed = train_folds(config, "--stage", "noisy", "--devices", "cpu:0,cpu:1", "--jobs", "2")
    assert printed.splitlines()[-4:-1] == trained.noisy_printed.splitlines()[-4:-1]
    for fold in (1, 2):
        assert f"fold {fold} | epoch   1/1" in printed
        run = Path(f"fold-{fold}", "noisy")
        found, expected = history(tmp_path / "runs" / run), history(trained.runs / run)
        pd.testing.assert_frame_equal(found, expected, rtol=1e-3)


def test_finished_folds_are_left_alone(copied):
    before = (copied.runs / "oof_scores.npz").read_bytes()
    printed = train_folds(copied.config)
    assert printed.count("is finished") == 4
    assert printed.splitlines()[-2] == copied.printed.splitlines()[-2]
    assert (copied.runs / "oof_scores.npz").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--folds", "3"], "holds 2 folds of 48 clips, received 3 folds of 48 clips"),
        (["--folds", "2", "seed=9"], "(k, seed or clips differ); --force"),
        (["--folds", "2", "train.batch_size=8"], "batch_size: 16 -> 8"),
        (
            ["--folds", "2", "split.file=own.csv"],
            "--folds draws its own hold-outs, received split.file=own.csv",
        ),
        (["--folds", "1"], "expected at least 2 folds, received 1"),
        (["--folds", "0"], "expected at least 2 folds, received 0"),
        (["--folds", "49"], "expected at least 49 clips for 49 folds, received 48"),
        (["--folds", "2", "--show-batch", "a.png"], "--show-batch"),
    ],
)
def test_a_mistake_ends_in_one_line_and_changes_nothing(copied, capsys, arguments, words):
    before = {path: path.stat().st_mtime_ns for path in copied.runs.glob("*/*/run.json")}
    table = (copied.runs / "folds.csv").read_bytes()
    assert train.main(["--config", str(copied.config), EPOCH, *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert (copied.runs / "folds.csv").read_bytes() == table


def test_force_deals_and_trains_anew(trained, copied, monkeypatch, capsys):
    """Were training to leave an old run there, it would be found out."""
    forced = []
    monkeypatch.setattr(folds_module, "train_stage", lambda *args, force, **rest: forced.append(force))
    command = ["--config", str(copied.config), "--folds", "2", "seed=9"]
    assert train.main([*command, "--force"]) == 2
    error = capsys.readouterr().err
    assert "curated was validated with other clips than" in error
    assert "--folds 2 --force" in error
    assert forced == [True] * 4
    old, new = (pd.read_csv(runs / "folds.csv")["fold"] for runs in (trained.runs, copied.runs))
    assert (old != new).any()


def test_folds_of_which_nothing_was_trained_are_not_in_the_way(tiny, tmp_path, capsys):
    config = ["--config", str(tiny.write_config(tmp_path))]
    for k in ("2", "3"):
        assert train.main([*config, "--folds", k, "clean_dir=nowhere"]) == 2
        assert "nowhere" in capsys.readouterr().err


def test_folds_are_read_only_when_all_are_finished(copied):
    runs = copied.runs
    member = read_member(runs)
    assert str(member) == f"{runs} (mean of 2 folds)"
    assert [run.path for run in member.runs] == [runs / "fold-1" / "curated", runs / "fold-2" / "curated"]
    shutil.rmtree(runs / "fold-2" / "curated")
    for read in (read_member, latest_member):
        with pytest.raises(
            RunError, match=r"stage curated in all 2 folds of .*fold-2/curated is not finished"
        ):
            read(runs)
    with pytest.raises(RunError, match="expected a folder of folds, received a single run"):
        out_of_fold(read_member(runs / "fold-1" / "curated"))


def test_what_finished_last_is_the_default(copied):
    runs = copied.runs
    shutil.copytree(runs / "fold-1" / "noisy", runs / "noisy")
    assert latest_member(runs).path == runs
    shutil.rmtree(runs / "noisy")
    shutil.copytree(runs / "fold-2" / "curated", runs / "curated")
    (runs / "curated" / "run.json").write_text(
        (runs / "curated" / "run.json").read_text().replace('"finished": "20', '"finished": "21')
    )
    assert latest_member(runs).path == runs / "curated"
    shutil.rmtree(runs / "fold-1" / "curated")
    (runs / "curated" / "run.json").write_text(
        (runs / "curated" / "run.json").read_text().replace('"finished": "21', '"finished": "19')
    )
    assert latest_member(runs).path == runs / "curated", "folds that are not finished do not count"


def test_a_table_of_folds_that_is_none(copied):
    runs = copied.runs
    text = (runs / "folds.csv").read_text()
    (runs / "folds.csv").write_text(text.replace(",1\n", ",one\n", 1))
    with pytest.raises(RunError, match=r"folds\.csv: expected folds 1, 2"):
        read_member(runs)


def test_shards_train_a_part_of_the_folds_each(tiny, trained, tmp_path, monkeypatch, capsys):
    config, runs = tiny.write_config(tmp_path), tmp_path / "runs"

    def copy_run(of_fold, stage: str, **options) -> None:
        fold = Path(of_fold.run_dir)
        shutil.copytree(trained.runs / fold.name / stage, fold / stage, dirs_exist_ok=True)

    monkeypatch.setattr(folds_module, "train_stage", copy_run)
    assert "shard 2/2 is done" in train_folds(config, "--shard", "2/2")
    assert [path.name for path in sorted(runs.glob("fold-*")) if (path / "curated").is_dir()] == ["fold-2"]
    assert not (runs / "oof_scores.npz").exists()
    train_folds(config, "--shard", "1/2")
    assert "stage curated, out of fold" in train_folds(config)
    assert (runs / "folds.csv").read_bytes() == (trained.runs / "folds.csv").read_bytes()
    assert (runs / "oof_scores.npz").read_bytes() == (trained.runs / "oof_scores.npz").read_bytes()
    assert train.main(["--config", str(config), "--shard", "1/2"]) == 2
    assert "add --folds K" in capsys.readouterr().err
