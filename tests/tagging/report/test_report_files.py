"""Where a page and its tables are written, what they are made of, and what is said where something is missing."""

import json
import re
import shutil
from urllib.parse import unquote

import pandas as pd
import pytest

from submissions.writer import read_scores
from tagging import __main__ as tagging_main
from tagging.datasets import read_dataset
from tagging.evaluation.bootstrap import interval_of
from tagging.evaluation.calibration import read_calibration
from tagging.evaluation.task_kinds import KINDS
from tagging.report.page import write_report
from tagging.runs.run import read_run
from tagging.training import outcome
from tagging.training.data import stage_data
from tagging.training.train import train_stage
from tests.report_helpers import Page, make_config, make_run

pytestmark = pytest.mark.usefixtures("eagerly")


@pytest.mark.parametrize("name", KINDS)
def test_the_tables_are_next_to_it(reported, name):
    folder, kind = reported[name] / "report_tables", KINDS[name]
    run, scores = read_run(reported[name]), read_scores(reported[name] / "validation_scores.npz")
    table = pd.read_csv(folder / "scores.csv").set_index("figure")
    dataset = read_dataset(run.config.dataset)
    clips = dataset.of("train").set_index("fname", drop=False).loc[scores.fnames]
    interval = interval_of(kind, dataset.targets(clips), scores.logits, seed=run.config.seed)
    assert list(table.loc[kind.metric.key]) == pytest.approx(list(interval[:3]))
    for metric in kind.metrics:
        assert table.loc[metric.key, "value"] == pytest.approx(run.info["validation"][metric.key])
    found = pd.read_csv(folder / "classes.csv", keep_default_na=False)
    assert list(found["label"]) == list(run.classes)
    of_clips = pd.read_csv(folder / "clips.csv")
    assert sorted(of_clips["fname"]) == sorted(scores.fnames)
    assert of_clips[kind.metric.key].is_monotonic_decreasing or name == "regression"
    assert of_clips[kind.metric.key].is_monotonic_increasing or name != "regression"


def test_the_command_takes_a_file_and_says_where_it_is(reported, tmp_path, capsys):
    out = tmp_path / "deep" / "mine.html"
    assert tagging_main.main(["report", str(reported["multiclass"]), "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    assert Page(out).sources("audio")
    assert (tmp_path / "deep" / "mine_tables" / "confused.csv").is_file()


def test_a_folder_that_is_no_run_ends_in_one_line(tmp_path, capsys):
    assert tagging_main.main(["report", str(tmp_path)]) == 2
    assert "expected a finished run in" in capsys.readouterr().err


def test_without_validation_clips_there_is_what_there_is(tmp_path):
    path = make_run(make_config(tmp_path, "multilabel", "split.validation_share=0"))
    assert read_calibration(path) is None
    read = Page(write_report(path))
    assert "No clips were held out, so there are no scores." in read.words
    assert "Learning curves" in read.words
    assert "Scores" not in read.words


def test_without_the_data_set_or_the_clean_audio_it_says_so(tmp_path):
    path = make_run(make_config(tmp_path, "multiclass"))
    shutil.rmtree(tmp_path / "clean")
    read = Page(write_report(path))
    assert "audio" not in read.tags
    assert any(word.startswith("The clean audio is not available: ") for word in read.words)
    shutil.rmtree(tmp_path / "raw")
    read = Page(write_report(path))
    assert any(word.startswith("The data set cannot be read here") for word in read.words)
    assert "Settings" in read.words


def test_a_run_that_noisy_clips_validated_is_reported_where_there_are_none_any_more(tmp_path):
    path = make_run(make_config(tmp_path, "multiclass"))
    (path / "noisy_split.csv").write_text("fname,part\n0.wav,validation\n")
    read = Page(write_report(path))
    assert any("validation clips are no longer in the data set" in word for word in read.words)
    assert "Settings" in read.words


def test_tables_of_scores_that_are_no_longer_shown_go(tmp_path):
    path = make_run(make_config(tmp_path, "multiclass"))
    folder = write_report(path).with_name("report_tables")
    (folder / "mine.csv").write_text("stays")
    shutil.rmtree(tmp_path / "raw")
    write_report(path)
    assert [file.name for file in folder.glob("[!.]*")] == ["mine.csv"]


def test_a_report_makes_no_data(tmp_path):
    """The reader of the demo data makes them where their folder is absent or empty."""
    path = make_run(make_config(tmp_path, "multilabel"))
    text = (path / "config.yaml").read_text().replace("layout: csv", "layout: demo")
    (path / "config.yaml").write_text(text.replace(f"root: {tmp_path}/raw", f"root: {tmp_path}/demo"))
    for _ in range(2):
        read = Page(write_report(path))
        assert any(word.startswith("The data set cannot be read here") for word in read.words)
        assert not any((tmp_path / "demo").glob("*"))
        (tmp_path / "demo").mkdir(exist_ok=True)


@pytest.mark.parametrize("name", ["config.yaml", "report", "page.html/"])
def test_only_pages_are_written_over(reported, tmp_path, capsys, name):
    out = tmp_path / name
    out.mkdir() if name.endswith("/") else out.write_text("mine")
    assert tagging_main.main(["report", str(reported["multiclass"]), "--out", str(out)]) == 2
    assert "expected a file to write that ends in .html, received" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    assert out.is_dir() or out.read_text() == "mine"


def test_links_lead_to_the_tables_whatever_the_page_is_called(reported, tmp_path):
    out = tmp_path / "javascript:a #1 %41.html"
    read = Page(write_report(reported["multiclass"], out))
    links = [value for value in read.sources("a") if not value.startswith("#")]
    assert all((tmp_path / unquote(link)).is_file() for link in links)
    assert all(re.fullmatch(r"[\w%/.-]+", link) for link in links)


def test_data_has_the_clips_of_each_split_and_label(reported):
    found = pd.read_csv(reported["multilabel"] / "report_tables" / "data.csv", keep_default_na=False)
    config = read_run(reported["multilabel"]).config
    data = stage_data(config, config.stage("train"))
    expected = []
    for part, clips in (("train, validation", data.validation), ("train, train", data.train)):
        expected.append((part, "", len(clips)))
        counts = data.dataset.targets(clips).sum(axis=0)
        expected += [(part, label, n) for label, n in zip(data.dataset.classes, counts, strict=True)]
    assert list(found.itertuples(index=False, name=None)) == expected
    assert set(pd.read_csv(reported["regression"] / "report_tables" / "data.csv")["label"].isna()) == {True}


def test_a_report_that_cannot_be_written_leaves_the_run(tiny, tmp_path, monkeypatch, no_fit, capsys):
    def fail(path):
        raise OSError("no space left")

    monkeypatch.setattr(outcome, "write_report", fail)
    path = train_stage(tiny.config(tmp_path, "train.epochs=1"), "noisy", jobs=2)
    assert "is finished, but its report could not be written (no space left)" in capsys.readouterr().err
    assert json.loads((path / "run.json").read_text())["peak_memory_mib"] > 100
