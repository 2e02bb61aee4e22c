"""Data sets of one folder per class, made in a test, and the look at them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tagging.doctor.checkup import Checkup, check_up

CONFIG = """
dataset: {{layout: folders, root: {root}, exclude: []}}
clean_dir: {folder}/clean
run_dir: {folder}/runs
window: {{window_s: 1.0, hop_s: 0.5}}
model: {{name: simple_cnn}}
stages:
  train: {{sources: [train]}}
"""


def noise(seconds: float = 1.0, rate_hz: int = 16_000, seed: int = 0, level: float = 0.1) -> np.ndarray:
    """White noise, (frames,)."""
    return level * np.random.default_rng(seed).standard_normal(round(seconds * rate_hz)).clip(-3, 3)


class Made:
    """A data set in a folder, and what the doctor says of it."""

    def __init__(self, folder: Path) -> None:
        self.root, self.config = folder / "data", folder / "config.yaml"
        self.config.write_text(CONFIG.format(root=self.root, folder=folder))

    def write(self, sounds: Mapping[str, np.ndarray], rate_hz: int = 16_000) -> "Made":
        for name, samples in sounds.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, samples, rate_hz)
        return self

    def classes(
        self, count: int, make: Callable[[int], Any] = lambda seed: noise(seed=seed), **options
    ) -> "Made":
        """Two classes of so many clips each; `make` is given another seed for each clip."""
        names = [f"{label}/{label}{number}.wav" for label in ("cat", "dog") for number in range(count)]
        return self.write({name: make(seed) for seed, name in enumerate(names)}, **options)

    def look(self, *overrides: str, **options) -> Checkup:
        return check_up(self.config, overrides, jobs=1, **options)

    def settings(self, name: str, *overrides: str) -> tuple[str, ...] | None:
        """What the finding of this name suggests; None: there is none."""
        found = {finding.name: finding.settings for finding in self.look(*overrides).findings}
        return found.get(name)


@pytest.fixture
def made(tmp_path) -> Made:
    return Made(tmp_path)
