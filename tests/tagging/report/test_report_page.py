"""The page of a run: its figures are the run's, and nothing in it is loaded or run."""

import base64
import io
import re
import wave

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from tagging.evaluation.calibration import read_calibration
from tagging.evaluation.task_kinds import KINDS
from tagging.report.html import element, table
from tagging.report.page import REPORT
from tagging.runs.run import read_run
from tests.report_helpers import FILE, NASTY, REPORTED, Page


@pytest.fixture(scope="module")
def pages(reported) -> dict[str, Page]:
    return {name: Page(run / REPORT) for name, run in reported.items()}


@pytest.mark.parametrize("name", REPORTED)
def test_everything_is_in_the_page_and_nothing_in_it_runs(pages, name):
    read = pages[name]
    assert read.addresses
    tables = {f"report_tables/{path.name}" for path in (read.path.parent / "report_tables").glob("*.csv")}
    links = {value for tag, value in read.addresses if tag == "a" and not value.startswith("#")}
    assert links == tables, "each table is named where its figures are shown"
    assert all(value.startswith("data:") for tag, value in read.addresses if tag != "a")
    assert not {"script", "iframe", "object", "embed", "form", "base"} & set(read.tags)
    assert "url(" not in read.text
    assert "@import" not in read.text
    assert "default-src &#x27;none&#x27;" in read.text
    assert len(read.text) < 5e6


@pytest.mark.parametrize("name", REPORTED)
def test_names_of_classes_and_files_are_text(pages, name):
    read = pages[name]
    assert NASTY in "".join(read.words) or name == "regression"
    assert FILE in "".join(read.words), "a clip of the data set is called so"
    assert NASTY not in read.text
    assert "<img src=x" not in read.text


@pytest.mark.parametrize("name", KINDS)
def test_the_figures_are_those_of_the_run(reported, pages, name):
    kind, run, words = KINDS[name], read_run(reported[name]), pages[name].words
    for metric in kind.shown:
        place = words.index(metric.title, words.index("Scores", words.index("Reproduce")))
        assert words[place + 1] == f"{run.info['validation'][metric.key]:.4f}"
    shown = set(words)
    per_class = pd.read_csv(run.path / "per_class.csv")
    for value in per_class.drop(columns=["label", "clips"]).to_numpy().ravel():
        assert np.isnan(value) or f"{value:.4f}" in shown or f"{value:.4g}" in shown
    assert {"777 MiB", "CPU (1 thread)", "12,345", "1 of 2"} <= {word.strip(" .") for word in words} | {
        word.removeprefix("Selected epoch: ").rstrip(".") for word in words
    }


def test_the_best_and_worst_clips_can_be_heard_and_seen(reported, pages):
    players = pages["multilabel"].sources("audio")
    run = read_run(reported["multilabel"])
    n = run.info["validation_clips"]
    assert len(players) == n <= 12, "so few that each is at one end"
    for address in players:
        data = base64.b64decode(address.removeprefix("data:audio/wav;base64,"), validate=True)
        with wave.open(io.BytesIO(data)) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
            assert 0.4 <= file.getnframes() / 16000 <= 5.0
    images = pages["multilabel"].sources("img")
    assert len(images) == n
    assert all(imread(io.BytesIO(base64.b64decode(p.partition(",")[2]))).shape[0] == 64 for p in images)


def test_a_clip_says_how_long_it_is_and_what_of_it_is_shown(reported, pages):
    """Clip n lasts .5 + .4 n seconds."""
    words = pages["multilabel"].words
    names = pd.read_csv(reported["multilabel"] / "report_tables" / "clips.csv")["fname"]
    for name in names:
        seconds = 0.5 + 0.4 * (3 if name.startswith("<") else int(name.removesuffix(".wav")))
        shown = f"{seconds:.1f} s" if seconds <= 5 else f"first 5.0 s of {seconds:.1f} s"
        after = words[words.index(name) + 1 :][:4]
        assert after == [
            "0",
            f"{min(seconds, 5) / 2:.2g}",
            f"{min(seconds, 5):.2g} s",
            f"{shown}, log-mel to 8 kHz",
        ]


def test_features_are_seen_and_not_heard(reported, pages):
    read = pages["features"]
    n = read_run(reported["features"]).info["validation_clips"]
    assert "audio" not in read.tags
    assert len(read.sources("img")) == n + 1, "and the confusion matrix"
    assert any(re.fullmatch(r"\d+ steps, 20 bands", word) for word in read.words)


def test_thresholds_and_the_temperature_are_those_of_the_run(reported, pages):
    found = read_calibration(reported["multilabel"])
    words = pages["multilabel"].words
    assert words.count(f"{found.temperature:.4f}") == 1
    assert all(f"{threshold:.4f}" in words for threshold in found.thresholds)
    assert any("thresholds chosen on the other four" in word for word in words)
    assert "Calibration" in pages["multiclass"].words
    assert "Calibration" not in pages["regression"].words


def test_text_is_escaped_unless_it_was_made_here():
    made = element("p", "<b>", element("b", '"&"'), class_='"x"', http_equiv="<")
    assert made == '<p class="&quot;x&quot;" http-equiv="&lt;">&lt;b&gt;<b>&quot;&amp;&quot;</b></p>'
    cells = re.findall(
        r"<t[dh](?: [^>]*)?>(.*?)</t[dh]>", table(("<i>", "n"), [("<td>", 1.5), ("x", float("nan"))])
    )
    assert cells == ["&lt;i&gt;", "n", "&lt;td&gt;", "1.5000", "x", "\N{EN DASH}"]
