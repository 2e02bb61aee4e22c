"""A tiny demo data set, cleaned once, and a config that trains on it in seconds."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from preprocessing.clean import clean_dataset
from tagging.config import Config, load_config
from tagging.datasets import read_dataset
from tagging.datasets.demo import make_demo

YAML = """
seed: 3
dataset: {{layout: fsdkaggle2019, root: {root}, exclude: []}}
clean_dir: {clean}
run_dir: {runs}
window: {{window_s: 1.0, hop_s: 0.5}}
frontend: {{n_mels: 16}}
model: {{name: simple_cnn, units: [16]}}
train: {{batch_size: 16, epochs: 2}}
stages:
  noisy: {{sources: [noisy], learning_rate: 3e-3}}
  curated: {{sources: [curated], init: previous}}
"""


@dataclass(frozen=True)
class Tiny:
    """Where the tiny data set is, and its clean audio."""

    root: Path
    clean: Path

    def write_config(self, folder: Path) -> Path:
        path = folder / "tiny.yaml"
        path.write_text(YAML.format(root=self.root, clean=self.clean, runs=folder / "runs"))
        return path

    def config(self, folder: Path, *overrides: str) -> Config:
        return load_config(self.write_config(folder), overrides)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Tiny:
    folder = tmp_path_factory.mktemp("tiny")
    data = Tiny(folder / "raw", folder / "clean")
    make_demo(data.root, n_curated=48, n_noisy=40, n_test=24, seed=5)
    config = data.config(folder)
    clean_dataset(read_dataset(config.dataset).clips, data.clean, config.cleaning, jobs=1, progress=False)
    return data


@pytest.fixture(scope="session")
def noisy(tiny, tmp_path_factory) -> tuple[Path, Path]:
    """(folder of the config, finished noisy run)."""
    from tagging.training.stage import train_stage  # TensorFlow, which most tests do not need

    folder = tmp_path_factory.mktemp("noisy")
    return folder, train_stage(tiny.config(folder), "noisy", jobs=2)
