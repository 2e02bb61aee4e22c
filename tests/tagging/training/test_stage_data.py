"""Which clips a stage trains on and is judged by, when some of them are not usable."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from preprocessing.folder import CleanFolderError, clean_path
from preprocessing.manifest import read_rows, write_rows
from submissions.writer import read_scores
from tagging.config.load import ConfigError
from tagging.config.stage import StageSettings
from tagging.datasets import read_dataset
from tagging.datasets.holdout import checked_clips, noisy_clips
from tagging.datasets.settings import SplitSettings
from tagging.datasets.splits import read_split, write_split
from tagging.datasets.table import Dataset, DatasetError
from tagging.losses.settings import LossError
from tagging.runs.contents import foreign_files
from tagging.runs.run import RunError
from tagging.training import data as data_module
from tagging.training.clips_digest import clips_digest
from tagging.training.data import _long_pieces, _missing_classes, stage_data
from tagging.training.train import train_stage
from tests.older_folders import with_older_hashes

pytestmark = pytest.mark.usefixtures("eagerly")

PLAIN = ("window.window_s=3.0", "window.hop_s=1.5", "frontend.n_mels=80")  # as features ask for


@pytest.fixture
def own_clean(tiny, tmp_path):
    """A clean folder of the tiny data set to damage."""
    return shutil.copytree(tiny.clean, tmp_path / "clean")


def refuse(clean_dir, split, fname):
    rows = read_rows(clean_dir)
    bad = next(row for row in rows if (row.split, row.fname) == (split, fname))
    clean_path(clean_dir, split, fname).unlink()
    kept = [row for row in rows if row is not bad]
    write_rows(clean_dir, [*kept, replace(bad, status="refused", reason="no sound")])


def test_an_unusable_clip_moves_no_other_one_between_the_sides(tiny, tmp_path, own_clean):
    config = tiny.config(tmp_path, f"clean_dir={own_clean}")
    whole = stage_data(config, StageSettings(sources=["curated"]))
    held, trained = whole.validation["fname"][2], whole.train["fname"][5]
    for fname in (held, trained):
        refuse(own_clean, "curated", fname)
    data = stage_data(config, StageSettings(sources=["curated"]))
    assert set(data.validation["fname"]) == set(whole.validation["fname"]) - {held}
    assert set(data.train["fname"]) == set(whole.train["fname"]) - {trained}
    np.testing.assert_array_equal(data.is_validation, whole.is_validation)
    assert list(data.checked["fname"]) == list(whole.checked["fname"])
    assert f"{held} (no sound)" in data.notes[0]
    assert {"audio_hash", "path"} <= set(data.train) & set(data.validation)
    checked, held_out = checked_clips(whole.dataset, config.split, config.seed, config.dataset.exclude)
    assert list(checked["fname"][held_out]) == list(whole.validation["fname"])


def test_a_clean_folder_with_hashes_of_two_kinds_is_refused(tiny, tmp_path, own_clean):
    config = tiny.config(tmp_path, f"clean_dir={own_clean}")
    whole = stage_data(config, StageSettings(sources=["curated"]))
    clips = whole.dataset.clips
    with_older_hashes(own_clean, clips, only=[whole.validation["fname"][0]])
    with pytest.raises(DatasetError, match=r"received 1 BLAKE2b and \d+ XXH3-128.*preprocess\.py --force"):
        stage_data(config, StageSettings(sources=["curated"]))
    with_older_hashes(own_clean, clips)
    older = stage_data(config, StageSettings(sources=["curated"]))
    assert list(older.train["fname"]) == list(whole.train["fname"])
    assert clips_digest(older.train) != clips_digest(whole.train)


def test_a_later_stage_of_another_task_is_refused_before_the_first_one_trains(tiny, tmp_path):
    config = tiny.config(tmp_path, "stages.curated.monitor=val_accuracy")
    with pytest.raises(
        ConfigError, match=r"stages\.curated\.monitor: .* for multilabel, received val_accuracy"
    ):
        stage_data(config, config.stage("noisy"))
    config = tiny.config(tmp_path, "stages.curated.loss.name=mse")
    with pytest.raises(LossError, match=r"train\.loss\.name: expected one of bce, lq for multilabel"):
        stage_data(config, config.stage("noisy"))


def test_a_split_file_for_all_curated_clips_works_with_some_left_out(tiny, tmp_path):
    whole = stage_data(tiny.config(tmp_path), StageSettings(sources=["curated"]))
    write_split(tmp_path / "split.csv", whole.checked, whole.is_validation)
    fname = whole.validation["fname"][0]
    config = tiny.config(
        tmp_path, f"split.file={tmp_path / 'split.csv'}", f"dataset.exclude=[{fname}]", "seed=8"
    )
    assert list(stage_data(config, StageSettings(sources=["curated"])).validation["fname"]) == list(
        whole.validation["fname"][1:]
    )


def test_clips_that_are_not_cleaned_yet_are_an_error(tiny, tmp_path, own_clean):
    config = tiny.config(tmp_path, f"clean_dir={own_clean}")
    next((own_clean / "noisy").iterdir()).unlink()
    assert len(stage_data(config, StageSettings(sources=["curated"])).train) > 30
    with pytest.raises(CleanFolderError, match=r"1 clip of noisy is not cleaned yet .*: run preprocess\.py"):
        stage_data(config, StageSettings(sources=["noisy"]))


def test_a_hold_out_without_one_usable_clip(tiny, tmp_path, own_clean):
    checked = stage_data(tiny.config(tmp_path), StageSettings(sources=["curated"])).checked
    write_split(tmp_path / "split.csv", checked, np.arange(len(checked)) == 7)
    refuse(own_clean, "curated", checked["fname"][7])
    config = tiny.config(tmp_path, f"split.file={tmp_path / 'split.csv'}", f"clean_dir={own_clean}")
    with pytest.raises(DatasetError, match=r"expected usable validation clips, found none; 1 .*no sound"):
        stage_data(config, StageSettings(sources=["curated"]))


def test_a_data_set_without_noisy_clips_says_how_to_train_without_them(tiny, tmp_path):
    shutil.copytree(tiny.root, tmp_path / "raw")
    shutil.rmtree(tmp_path / "raw" / "train_noisy")
    (tmp_path / "raw" / "train_noisy.csv").unlink()
    with pytest.raises(DatasetError, match=r"no noisy clips.*--stage curated stages\.curated\.init=none"):
        stage_data(
            tiny.config(tmp_path, f"dataset.root={tmp_path / 'raw'}"), StageSettings(sources=["noisy"])
        )


def test_both_stages_are_judged_by_the_same_clips(tiny, noisy):
    folder, _ = noisy
    config = tiny.config(folder)
    a, b = (
        stage_data(config, StageSettings(sources=sources)) for sources in (["noisy"], ["curated", "noisy"])
    )
    assert list(a.validation["fname"]) == list(b.validation["fname"])
    assert set(a.train["split"]) == {"noisy"}
    assert set(b.train["split"]) == {"curated", "noisy"}
    curated = set(b.train.loc[b.train["split"] == "curated", "fname"])
    assert curated.isdisjoint(b.validation["fname"])
    assert len(curated) + len(b.validation) == len(b.checked)


def test_noisy_clips_validate_stages_of_noisy_clips_alone(tiny, tmp_path):
    config = tiny.config(tmp_path, "split.noisy_share=0.25")
    plain = stage_data(tiny.config(tmp_path), StageSettings(sources=["noisy"]))
    alone, selected, both, curated = (
        stage_data(config, StageSettings(sources=sources))
        for sources in (["noisy"], ["selected"], ["curated", "noisy"], ["curated"])
    )
    assert set(alone.validation["split"]) == {"noisy"}
    assert len(alone.validation) == 10
    assert set(alone.train["fname"]) == set(plain.train["fname"]) - set(alone.validation["fname"])
    assert len(alone.train) == 30
    assert alone.notes == plain.notes, "they are held out, not left out for the audio that they share"
    assert list(selected.validation["fname"]) == list(alone.validation["fname"])
    assert list(alone.noisy[0]["fname"][alone.noisy[1]]) == list(alone.validation["fname"])
    for data in (both, curated):
        assert data.noisy is None
        assert list(data.validation["fname"]) == list(plain.validation["fname"])
    assert set(alone.validation["fname"]) <= set(both.train["fname"]), "there, they are trained on"
    for data in (alone, selected, both, curated):
        assert list(data.held_out["fname"]) == list(plain.validation["fname"])


def test_noisy_clips_of_a_recording_are_not_on_both_sides(tiny, tmp_path, monkeypatch):
    dataset = read_dataset(tiny.config(tmp_path).dataset)
    is_noisy = dataset.clips["split"] == "noisy"
    groups = [f"r{number // 2}" if noisy else "" for number, noisy in enumerate(is_noisy)]
    grouped = replace(dataset, clips=dataset.clips.assign(group=groups))
    monkeypatch.setattr(data_module, "read_with_test_clips", lambda *_: grouped)
    data = stage_data(tiny.config(tmp_path, "split.noisy_share=0.25"), StageSettings(sources=["noisy"]))
    assert len(data.validation) == 10
    assert len(data.train) == 30
    assert set(data.validation["group"]).isdisjoint(data.train["group"])


@pytest.mark.parametrize(
    ("group", "words"), [("", r"split\.noisy_share nearer to 0\.5"), ("tape", r"split\.noisy_share=0")]
)
def test_too_few_noisy_clips_name_their_own_key(tiny, tmp_path, group, words):
    dataset = read_dataset(tiny.config(tmp_path).dataset)
    few = dataset.clips[dataset.clips["split"] == "noisy"].head(2).assign(group=group)
    with pytest.raises(DatasetError, match=words):
        noisy_clips(replace(dataset, clips=few), SplitSettings(noisy_share=0.25), 0)


def test_noisy_validation_can_be_monitored_where_nothing_else_is_held_out(tiny, tmp_path):
    given = ("split.validation_share=0", "stages.noisy.patience=2")
    with pytest.raises(ConfigError, match=r"stages\.noisy\.patience=2 needs validation clips"):
        tiny.config(tmp_path, *given)
    config = tiny.config(tmp_path, *given, "split.noisy_share=0.2")
    assert 6 <= len(stage_data(config, config.stage("noisy")).validation) <= 10
    with pytest.raises(ConfigError, match=r"stages\.curated\.patience=2 needs validation clips"):
        tiny.config(
            tmp_path, "split.validation_share=0", "split.noisy_share=0.2", "stages.curated.patience=2"
        )


def test_a_stage_that_noisy_clips_validate_and_the_next_one(tiny, tmp_path, full_runs, capsys):
    """The first is stored with its own hold-out and report; the second starts from it, as its hold-out is the same."""
    config = tiny.config(tmp_path, "split.noisy_share=0.25", "train.epochs=1")
    run = train_stage(config, "noisy", jobs=2)
    assert "30 clips to train on, 10 clips held out" in (printed := capsys.readouterr().out)
    assert "noisy clips validate (split.noisy_share)" in printed
    part = read_split(run / "noisy_split.csv")
    held = set(part.index[part == "validation"])
    assert set(read_scores(run / "validation_scores.npz").fnames) == held
    table = pd.read_csv(run / "report_tables" / "clips.csv")
    assert set(table["fname"]) <= held
    counts = (
        pd.read_csv(run / "report_tables" / "data.csv")
        .fillna("")
        .query("label == ''")
        .set_index("split")["clips"]
    )
    assert (counts["noisy, train"], counts["noisy, validation"]) == (30, 10)
    assert "Noisy clips validate this stage" in (run / "report.html").read_text()
    assert not foreign_files(run)
    train_stage(config, "curated", jobs=2)
    assert "noisy clips validate" not in capsys.readouterr().out
    with pytest.raises(RunError, match=r"other noisy clips are held out"):
        train_stage(tiny.config(tmp_path, "split.noisy_share=0.5", "train.epochs=1"), "noisy", jobs=2)


def test_a_split_file_of_a_run_gives_the_same_hold_out(tiny, noisy):
    folder, path = noisy
    drawn = stage_data(tiny.config(folder), StageSettings(sources=["noisy"]))
    given = stage_data(
        tiny.config(folder, f"split.file={path / 'split.csv'}", "seed=9"), StageSettings(sources=["noisy"])
    )
    np.testing.assert_array_equal(drawn.is_validation, given.is_validation)


def test_clips_without_clean_audio_are_named_and_left_out(tiny, tmp_path):
    import shutil

    shutil.copytree(tiny.clean, tmp_path / "clean")
    manifest = pd.read_csv(tmp_path / "clean" / "manifest.csv", dtype=str, keep_default_na=False)
    bad = manifest.index[manifest["split"] == "noisy"][0]
    manifest.loc[bad, ["status", "reason"]] = ["refused", "expected sound, received silence"]
    manifest.to_csv(tmp_path / "clean" / "manifest.csv", index=False)
    data = stage_data(
        tiny.config(tmp_path, f"clean_dir={tmp_path / 'clean'}"), StageSettings(sources=["noisy"])
    )
    assert len(data.train) == 39
    assert manifest.loc[bad, "fname"] in data.notes[0]
    assert "received silence" in data.notes[0]


def test_a_split_that_is_not_there_is_refused_with_those_that_are(tiny, tmp_path):
    with pytest.raises(DatasetError, match=r"curated.*noisy.*test.*received nosy"):
        train_stage(tiny.config(tmp_path, "stages.noisy.sources=[nosy]"), "noisy", jobs=2)


def test_labels_that_no_training_clip_has_are_named():
    clips = pd.DataFrame({"labels": [("x",), ("x", "z")], "steps": 3})
    dataset = Dataset("d", clips, ("x", "y", "z"), "multilabel", {}, None)
    (note,) = _missing_classes(dataset, clips)
    assert "no training clip has the label 'y'" in note
    assert not _missing_classes(replace(dataset, classes=("x", "z")), clips)


def test_pieces_that_only_repeat_their_clips_are_named(tiny, tmp_path):
    clips = pd.DataFrame({"steps": [3, 5]})
    features = ("cleaning.features.name=stored", "sequence.fixed=true")
    (note,) = _long_pieces(tiny.config(tmp_path, *features, *PLAIN), clips)
    assert "sequence.max_steps=2048: clips have at most 5 steps" in note
    assert not _long_pieces(tiny.config(tmp_path, *features, "sequence.max_steps=5", *PLAIN), clips)
    assert not _long_pieces(tiny.config(tmp_path), clips)
