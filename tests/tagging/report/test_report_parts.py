"""Single parts of the page: learning curves, notes, folds, the commands that make a run again."""

import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from tagging.datasets import read_dataset
from tagging.datasets.settings import SplitSettings
from tagging.datasets.splits import write_split
from tagging.evaluation.calibration import Calibration
from tagging.report import page
from tagging.report.about import commands
from tagging.report.curves import learning_charts
from tagging.report.material import read_material
from tagging.report.page import write_report
from tagging.report.scores import class_section, score_section, temperature_note
from tagging.report.sound import shown_clip
from tagging.report.tables import class_table, drawn_figures, overall_table
from tagging.runs.folds import write_folds
from tests.report_helpers import Page, make_config, make_run


def test_commands_name_the_stages_that_it_is_built_on(noisy, tiny):
    words = "".join(Page(noisy[1] / page.REPORT).words)
    assert (
        f"python train.py --config {noisy[1]}/config.yaml --stage noisy run_dir={noisy[0]}/runs-again"
        in words
    )
    assert "--stage curated" not in words
    assert f"python predict.py --runs {noisy[0]}/runs-again/noisy" in words
    assert f"python -m tagging report {noisy[0]}/runs-again/noisy" in words
    assert "curated (held out)" in words


def test_a_clip_says_what_is_left_out_of_it(tmp_path):
    for seconds, rate_hz in ((5.001, 32_000), (5.2, 16_000)):
        sf.write(tmp_path / f"{rate_hz}.wav", np.zeros(round(seconds * rate_hz)), rate_hz, "PCM_16")
    assert shown_clip(tmp_path / "32000.wav").caption == "5.0 s, sound and log-mel to 8 kHz of the clip's 16"
    assert shown_clip(tmp_path / "16000.wav").caption == "first 5.0 s of 5.2 s, log-mel to 8 kHz"


def test_a_stage_that_builds_on_another_is_trained_behind_it(noisy):
    material = read_material(noisy[1], "t")
    info = {**material.run.info, "stage": "curated"}
    run = replace(material.run, info=info)
    lines = commands(replace(material, member=replace(material.member, runs=(run,))))
    assert [re.search(r"--stage (\S+)", line)[1] for line in lines if "train.py" in line] == [
        "noisy",
        "curated",
    ]


def test_without_test_clips_there_is_nothing_to_predict_again(noisy):
    material = read_material(noisy[1], "t")
    assert material.dataset is not None
    clips = material.dataset.clips
    without = replace(material.dataset, clips=clips[clips["split"] != "test"])
    has_predict = [
        any("predict.py" in line for line in commands(each))
        for each in (material, replace(material, dataset=without), replace(material, dataset=None))
    ]
    assert has_predict == ["test" in set(clips["split"]), False, True]


def test_folds_are_summed_up_out_of_fold(tmp_path):
    config = make_config(tmp_path / "data", "multiclass")
    clips, folder = read_dataset(config.dataset).of("train"), tmp_path / "folds"
    fold = np.arange(len(clips)) % 2 + 1
    folder.mkdir()
    write_folds(folder, list(clips["fname"]), fold)
    for number in (1, 2):
        part = folder / f"fold-{number}"
        part.mkdir()
        write_split(part / "split.csv", clips, fold == number)
        make_run(replace(config, run_dir=str(part), split=SplitSettings(0.5, str(part / "split.csv"))))
    read = Page(write_report(folder))
    assert "By fold" in read.words
    assert list(pd.read_csv(folder / "report_tables" / "folds.csv")["clips"]) == [8, 8]
    found = pd.read_csv(folder / "report_tables" / "clips.csv").set_index("fname")["fold"]
    assert (found[list(clips["fname"])].to_numpy() == fold).all()
    assert any(" --folds 2 split.file=null" in word for word in read.words)


def grouped(run, n_groups):
    """The evaluation of a run whose held-out clips come from so many recordings."""
    material = read_material(run, "t")
    groups = [f"tape {k % n_groups}" for k in range(len(material.evaluation.clips))]
    return material, replace(material.evaluation, clips=material.evaluation.clips.assign(group=groups))


@pytest.mark.parametrize("task", ["multilabel", "multiclass", "regression"])
def test_with_one_group_held_out_there_is_no_interval(reported, task):
    material, evaluation = grouped(reported[task], 1)
    drawn = drawn_figures(material.kind, evaluation, seed=0)
    overall = overall_table(material.kind, evaluation, drawn, seed=0)
    assert overall[["low", "high"]].isna().all(axis=None)
    classes = class_table(material.kind, evaluation, drawn, material.run.classes)
    figure = material.kind.interval_figure.key
    assert classes[[f"{figure}_low", f"{figure}_high"]].isna().all(axis=None)
    section = score_section(material, evaluation, overall, None)
    assert "no 95 % interval: 1 group to draw from, and at least 5 are needed" in section
    assert "[" not in section


def test_a_report_says_over_how_many_groups_intervals_are(reported):
    material, evaluation = grouped(reported["multilabel"], 5)
    drawn = drawn_figures(material.kind, evaluation, seed=0)
    overall = overall_table(material.kind, evaluation, drawn, seed=0)
    assert overall.iloc[0][["low", "high"]].notna().all()
    assert "95 % bootstrap interval over 5 groups" in score_section(material, evaluation, overall, None)


HISTORY = pd.DataFrame(
    {
        "epoch": [1, 2, 3],
        "loss": [0.3, 0.2, 0.1],
        "val_loss": [0.35, float("nan"), 0.3],
        "val_lwlrap": [0.5, 0.6, 0.7],
        "learning_rate": [1e-3, 1e-3, 1e-3],
    }
)


def charts(histories: dict[str, pd.DataFrame]) -> tuple[str, dict[str, list]]:
    """The HTML of the curves, and of each chart by its title its points: x, y and tooltip."""
    drawn = "".join(learning_charts(histories))
    found = {}
    for svg in re.findall(r"<svg .*?</svg>", drawn, re.DOTALL):
        points = re.findall(r'<use x="(.*?)" y="(.*?)"[^>]*><title>(.*?)</title>', svg)
        assert len(points) == svg.count("<use ")
        found[re.search(r'aria-label="(.*?) by epoch"', svg)[1]] = [
            (float(x), float(y), text) for x, y, text in points
        ]
    return drawn, found


def test_learning_curves_are_drawn_point_by_point():
    drawn, found = charts({"curated": HISTORY})
    assert list(found) == ["loss", "LWLRAP"]
    train, validation = found["loss"][:3], found["loss"][3:]
    assert [text for *_, text in train] == [
        f"curated, training clips, epoch {n}: {0.4 - n / 10:.4g}" for n in (1, 2, 3)
    ]
    assert len(validation) == 2, "an epoch without a figure has no point"
    assert [x for x, *_ in train] == sorted(x for x, *_ in train)
    assert [y for _, y, _ in train] == sorted(y for _, y, _ in train), "downwards on the page"
    assert validation[1][1] == train[0][1], "both are .3"
    assert "Learning rate: 0.001 in all epochs." in drawn


def test_a_learning_rate_that_changes_is_drawn_by_decades():
    drawn, found = charts({"a": HISTORY.assign(learning_rate=[1e-2, 1e-4, 0.0])})
    assert list(found) == ["loss", "LWLRAP", "learning rate"]
    assert len(found["learning rate"]) == 2, "no logarithm of 0"
    assert all(f">{tick}<" in drawn for tick in ("0.0001", "0.001", "0.01"))


@pytest.mark.parametrize("value", [0.0, 0.5, -3.0, float("inf")])
def test_a_single_epoch_of_any_value_is_drawn(value):
    drawn, found = charts({"a": pd.DataFrame({"epoch": [1], "loss": [value]})})
    assert list(found) == ["loss"] * math.isfinite(value)
    assert "nan" not in drawn
    assert drawn.count("<use ") == math.isfinite(value)


def test_many_epochs_have_lines_without_points():
    history = pd.DataFrame({"epoch": range(1, 32), "loss": [0.5] * 31})
    drawn, found = charts({"a": history})
    assert found == {"loss": []}
    assert "stroke-dasharray" in drawn


def test_folds_have_lines_of_their_own_in_one_chart():
    drawn, found = charts({"fold-<1>\x01": HISTORY, "fold-2": HISTORY.assign(learning_rate=1e-4)})
    assert [len(points) for points in found.values()] == [10, 6, 6]
    assert "fold-&lt;1&gt;" in drawn


def test_charts_are_the_same_each_time_and_in_the_colours_of_the_page():
    drawn = charts({"a": HISTORY})[0]
    assert drawn == charts({"a": HISTORY})[0]
    assert not re.search(r"<text [^>]*fill", drawn), "text has the colour of the page's CSS"
    assert not re.search(r"http|url\(|<style|<metadata", drawn)


def calibrated(temperature: float, losses: tuple[float, float], errors: tuple[float, float]) -> str:
    summary = pd.DataFrame({"log_loss": losses, "calibration_error": errors})
    return temperature_note(Calibration(("a",), temperature, None), summary)


def test_what_a_temperature_does_is_said_and_where_it_does_not_help():
    better, worse = (0.0155, 0.01), (0.0155, 0.02)
    text = "Temperature 1.048, chosen by log loss of smoothed labels, makes scores less confident."
    assert calibrated(1.048, better, better) == text
    assert "makes scores more confident" in calibrated(0.8, better, better)
    assert "hardly changes scores" in calibrated(1.002, better, better)
    assert "no other was found that lowers the log loss" in calibrated(1.0, better, better)
    failed = " does not improve: 0.0155 before, 0.0200 after."
    assert calibrated(1.048, better, worse).endswith(f"less confident. The calibration error{failed}")
    assert calibrated(1.048, worse, better).endswith(f"less confident. The log loss{failed}")


@pytest.mark.parametrize("task", ["multilabel", "multiclass"])
@pytest.mark.parametrize("highest", [1.0, 0.9])
def test_an_interval_of_1_is_explained_where_there_is_one(reported, task, highest):
    material = read_material(reported[task], "t")
    figure = material.kind.interval_figure.key
    classes = pd.DataFrame(
        {"label": ["a"], figure: [highest], f"{figure}_low": [highest], f"{figure}_high": [highest]}
    )
    shown = class_section(material, classes)
    assert ("[1.0000, 1.0000] only means" in shown) == (highest == 1)
    assert ("every clip without it" in shown) == (highest == 1 and task == "multilabel")
