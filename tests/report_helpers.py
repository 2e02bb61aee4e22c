"""Runs with random scores, quickly made, and their pages, read."""

from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile as sf

from preprocessing.clean import clean_dataset
from tagging.config.load import load_config
from tagging.config.schema import Config
from tagging.datasets import read_dataset
from tagging.datasets.splits import write_split
from tagging.evaluation.task_kinds import KINDS
from tagging.runs.place import finish_run, work_dir
from tagging.runs.run import MODEL, SPLIT
from tagging.training.data import stage_data
from tagging.training.outcome import draw_plots, write_validation

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


REPORTED = {  # task and features of the runs `reported`
    **{task: (task, "") for task in KINDS},
    "features": ("multiclass", ", features: {name: mel, n_mels: 20, n_fft: 512}"),
}


class Page(HTMLParser):
    """Tags, addresses, texts and the cells of tables."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.text, self.tags, self.addresses, self.words = path, path.read_text(), [], [], []
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
    write_split(work / SPLIT, data.checked, data.is_validation)
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
    draw_plots(final)
    return final
