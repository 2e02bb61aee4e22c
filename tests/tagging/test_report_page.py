"""The page of a run: its figures are the run's, nothing in it is loaded or run, and whatever is missing is said."""

import base64
import io
import json
import re
import shutil
import wave
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from matplotlib.image import imread

from preprocessing.clean import clean_dataset
from submissions.writer import read_scores
from tagging import __main__ as tagging_main
from tagging.bootstrap import interval_of
from tagging.calibration import read_calibration
from tagging.config import Config, load_config
from tagging.datasets import read_dataset
from tagging.datasets.settings import SplitSettings
from tagging.folds import write_folds
from tagging.kinds import KINDS
from tagging.report import page
from tagging.report.about import commands
from tagging.report.html import element, table
from tagging.report.material import read_material
from tagging.report.page import write_report
from tagging.runs import MODEL, RunError, finish_run, read_run, work_dir
from tagging.splits import write_split
from tagging.training import stage as stage_module
from tagging.training.data import stage_data
from tagging.training.outcome import write_split_and_curves, write_validation

RATE_HZ, NASTY = 8000, '<b>&"'
FILE = '<img src=x onerror="alert(1)">'
YAML = """
dataset: {dataset}
clean_dir: {folder}/clean
run_dir: {folder}/runs
split: {{validation_share: 0.4}}
cleaning: {{rate_hz: 8000, remove_silence: false{features}}}
stages: {{train: {{sources: [train]}}}}
"""


class Page(HTMLParser):
    """Tags, addresses, texts and the cells of tables."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text, self.tags, self.addresses, self.words = path.read_text(), [], [], []
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [(tag, value) for key, value in attrs if key in ("src", "href", "srcset", "data")]
        assert not any(key.startswith("on") for key, _ in attrs)

    def handle_data(self, data):
        self.words.append(data)

    def sources(self, tag: str) -> list[str]:
        return [value for name, value in self.addresses if name == tag]


def make_data(folder: Path, task: str) -> str:
    """16 tones as a data set of this task; the `dataset` of a config."""
    root = folder / "raw"
    root.mkdir(parents=True)
    rows, names = [], ("high", "low", NASTY)
    for clip in range(16):
        name = f"{FILE}.wav" if clip == 3 else f"{clip}.wav"
        t = np.arange(round((0.5 + 0.4 * clip) * RATE_HZ)) / RATE_HZ
        sf.write(root / name, 0.3 * np.sin(2 * np.pi * (300 + 300 * (clip % 3)) * t), RATE_HZ)
        label = names[clip % 3]
        labels = label if clip % 4 else f"{label};{names[(clip + 1) % 3]}"
        part = "validation" if clip % 5 in (0, 3) else "train"
        answers = {"label": label, "labels": labels, "loud": clip / 3, "tape": -clip}
        rows.append({"path": name, "split": part, **answers})
    column = {"multilabel": ["labels"], "multiclass": ["label"], "regression": ["loud", "tape"]}[task]
    pd.DataFrame(rows)[["path", "split", *column]].to_csv(root / "clips.csv", index=False)
    targets = ", targets: [loud, tape]" if task == "regression" else ""
    return f"{{layout: csv, root: {root}, exclude: []{targets}}}"


def make_config(folder: Path, task: str, *overrides: str, features: str = "") -> Config:
    """The config of a data set that is clean already."""
    text = YAML.format(dataset=make_data(folder, task), folder=folder, features=features)
    (folder / "config.yaml").write_text(text)
    config = load_config(folder / "config.yaml", overrides)
    clips = read_dataset(config.dataset).clips
    clean_dataset(clips, config.clean_dir, config.cleaning, jobs=1, progress=False)
    return config


def make_run(config: Config) -> Path:
    """A finished run with random scores, without a network that anyone could load."""
    data, final = stage_data(config, config.stage("train")), Path(config.run_dir) / "train"
    work, classes = work_dir(final), data.dataset.classes
    work.mkdir(parents=True)
    (work / MODEL).write_bytes(b"")
    history = [{"epoch": n, "loss": 1 / n, "learning_rate": 1e-3, "seconds": 1.5} for n in (1, 2)]
    pd.DataFrame(history).to_csv(work / "history.csv", index=False)
    write_split_and_curves(work, data, history, "train")
    logits = np.random.default_rng(1).normal(size=(len(data.validation), len(classes))).astype("f")
    validation = write_validation(work, data, logits) if len(data.validation) else None
    sizes = {"train_clips": len(data.train), "validation_clips": len(data.validation), "parameters": 12345}
    rest = {
        "identity": {},
        "finished": "2026-01-02T03:04:05.678901+00:00",
        "seconds": 3.0,
        "peak_memory_mib": 777,
    }
    epochs = {"epochs": 2, "best_epoch": 1, "trainable_parameters": 1234, "device": "CPU (1 thread)"}
    info = {"stage": "train", "task": data.dataset.task, "classes": list(classes), "validation": validation}
    finish_run(final, config, {**info, **sizes, **epochs, **rest})
    return final


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Path]:
    """A run of each task, and one of features."""
    made = {task: make_run(make_config(tmp_path_factory.mktemp(task), task)) for task in KINDS}
    folder, features = tmp_path_factory.mktemp("features"), ", features: {name: mel, n_mels: 20, n_fft: 512}"
    return {**made, "features": make_run(make_config(folder, "multiclass", features=features))}


@pytest.fixture(scope="module")
def pages(runs) -> dict[str, Page]:
    return {name: Page(write_report(run)) for name, run in runs.items()}


ALL = (*KINDS, "features")


@pytest.mark.parametrize("name", ALL)
def test_everything_is_in_the_page_and_nothing_in_it_runs(pages, name):
    read = pages[name]
    assert read.addresses
    assert all(value.startswith(("data:", "#")) for _, value in read.addresses)
    assert not {"script", "iframe", "object", "embed", "form", "base"} & set(read.tags)
    assert "url(" not in read.text
    assert "@import" not in read.text
    assert "default-src &#x27;none&#x27;" in read.text
    assert len(read.text) < 5e6


@pytest.mark.parametrize("name", ALL)
def test_names_of_classes_and_files_are_text(pages, name):
    read = pages[name]
    assert NASTY in "".join(read.words) or name == "regression"
    assert FILE in "".join(read.words), "a clip of the data set is called so"
    assert NASTY not in read.text
    assert "<img src=x" not in read.text


@pytest.mark.parametrize("name", KINDS)
def test_the_figures_are_those_of_the_run(runs, pages, name):
    kind, run, words = KINDS[name], read_run(runs[name]), pages[name].words
    for key, title in kind.shown.items():
        place = words.index(title, words.index("Scores", words.index("Reproduce")))
        assert words[place + 1] == f"{run.info['validation'][key]:.4f}"
    shown = set(words)
    per_class = pd.read_csv(run.path / "per_class.csv")
    for value in per_class.drop(columns=["label", "clips"]).to_numpy().ravel():
        assert np.isnan(value) or f"{value:.4f}" in shown or f"{value:.4g}" in shown
    assert {"777 MiB", "CPU (1 thread)", "12,345", "1 of 2"} <= {word.strip(" .") for word in words} | {
        word.removeprefix("Epoch kept: ").rstrip(".") for word in words
    }


@pytest.mark.parametrize("name", KINDS)
def test_the_tables_are_beside_it(runs, pages, name):
    folder, kind = runs[name] / "report_tables", KINDS[name]
    run, scores = read_run(runs[name]), read_scores(runs[name] / "validation_scores.npz")
    table = pd.read_csv(folder / "scores.csv").set_index("figure")
    dataset = read_dataset(run.config.dataset)
    clips = dataset.of("train").set_index("fname", drop=False).loc[scores.fnames]
    interval = interval_of(kind, dataset.targets(clips), scores.logits, seed=run.config.seed)
    assert list(table.loc[kind.metric]) == pytest.approx(list(interval[:3]))
    for key in kind.metrics:
        assert table.loc[key, "value"] == pytest.approx(run.info["validation"][key])
    found = pd.read_csv(folder / "classes.csv", keep_default_na=False)
    assert list(found["label"]) == list(run.classes)
    of_clips = pd.read_csv(folder / "clips.csv")
    assert sorted(of_clips["fname"]) == sorted(scores.fnames)
    assert of_clips[kind.metric].is_monotonic_decreasing or name == "regression"
    assert of_clips[kind.metric].is_monotonic_increasing or name != "regression"


def test_the_best_and_worst_clips_can_be_heard_and_seen(runs, pages):
    players = pages["multilabel"].sources("audio")
    run = read_run(runs["multilabel"])
    n = run.info["validation_clips"]
    assert len(players) == n <= 12, "so few that each is at one end"
    for address in players:
        data = base64.b64decode(address.removeprefix("data:audio/wav;base64,"), validate=True)
        with wave.open(io.BytesIO(data)) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
            assert 0.4 <= file.getnframes() / 16000 <= 5.0
    pictures = pages["multilabel"].sources("img")
    assert len(pictures) == n + 1, "and the curves"
    assert all(imread(io.BytesIO(base64.b64decode(p.partition(",")[2]))).shape[0] == 64 for p in pictures[:n])


def test_features_are_seen_and_not_heard(runs, pages):
    read = pages["features"]
    n = read_run(runs["features"]).info["validation_clips"]
    assert "audio" not in read.tags
    assert len(read.sources("img")) == n + 2, "and the curves and the confusion matrix"
    assert any("steps, 20 bands" in word for word in read.words)


def test_thresholds_and_the_temperature_are_those_of_the_run(runs, pages):
    found = read_calibration(runs["multilabel"])
    words = pages["multilabel"].words
    assert words.count(f"{found.temperature:.4f}") == 1
    assert all(f"{threshold:.4f}" in words for threshold in found.thresholds)
    assert "Calibration" in pages["multiclass"].words
    assert "Calibration" not in pages["regression"].words


def test_the_command_takes_a_file_and_says_where_it_is(runs, tmp_path, capsys):
    out = tmp_path / "deep" / "mine.html"
    assert tagging_main.main(["report", str(runs["multiclass"]), "--out", str(out)]) == 0
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
    assert any(word.startswith("The clean audio cannot be shown: ") for word in read.words)
    shutil.rmtree(tmp_path / "raw")
    read = Page(write_report(path))
    assert any(word.startswith("The data set cannot be read here") for word in read.words)
    assert "Settings" in read.words


def test_commands_name_the_stages_that_it_is_built_on(noisy, tiny):
    words = "".join(Page(noisy[1] / page.REPORT).words)
    assert (
        f"python train.py --config {noisy[1]}/config.yaml --stage noisy run_dir={noisy[0]}/runs-again"
        in words
    )
    assert "--stage curated" not in words


def test_a_stage_that_builds_on_another_is_trained_behind_it(noisy):
    material = read_material(noisy[1])
    info = {**material.run.info, "stage": "curated"}
    run = replace(material.run, info=info)
    lines = commands(replace(material, member=replace(material.member, runs=(run,))))
    assert [re.search(r"--stage (\S+)", line)[1] for line in lines if "train.py" in line] == [
        "noisy",
        "curated",
    ]


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
    assert "Fold by fold" in read.words
    assert list(pd.read_csv(folder / "report_tables" / "folds.csv")["clips"]) == [8, 8]
    found = pd.read_csv(folder / "report_tables" / "clips.csv").set_index("fname")["fold"]
    assert (found[list(clips["fname"])].to_numpy() == fold).all()
    assert any(" --folds 2 split.file=null" in word for word in read.words)


def test_a_report_that_cannot_be_written_leaves_the_run(tiny, tmp_path, monkeypatch):
    def fail(path):
        raise OSError("no space left")

    monkeypatch.setattr(stage_module, "write_report", fail)
    config = tiny.config(tmp_path, "train.epochs=1")
    with pytest.raises(
        RunError, match=r"is finished, but its report .*\(no space left\); python -m tagging report"
    ):
        stage_module.train_stage(config, "noisy", jobs=2)
    path = stage_module.train_stage(config, "noisy", jobs=2)
    assert json.loads((path / "run.json").read_text())["peak_memory_mib"] > 100


def test_text_is_escaped_unless_it_was_made_here():
    made = element("p", "<b>", element("b", '"&"'), class_='"x"', http_equiv="<")
    assert made == '<p class="&quot;x&quot;" http-equiv="&lt;">&lt;b&gt;<b>&quot;&amp;&quot;</b></p>'
    cells = re.findall(
        r"<t[dh](?: [^>]*)?>(.*?)</t[dh]>", table(("<i>", "n"), [("<td>", 1.5), ("x", float("nan"))])
    )
    assert cells == ["&lt;i&gt;", "n", "&lt;td&gt;", "1.5000", "x", "\N{EN DASH}"]
