"""Small audio files of every kind."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from preprocessing import clip

RATE_HZ = 16_000


@pytest.fixture
def sound() -> np.ndarray:
    """Half a second of tone, a second of silence, half a second of tone: (frames,) float32 at 16 kHz."""
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ // 2) / RATE_HZ)
    return np.concatenate([tone, np.zeros(RATE_HZ), tone]).astype(np.float32)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """write(name, samples, rate_hz=16000, subtype=None): a file under tmp_path/raw."""

    def write_file(
        name: str, samples: np.ndarray, rate_hz: int = RATE_HZ, subtype: str | None = None
    ) -> Path:
        path = tmp_path / "raw" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        sf.write(path, samples, rate_hz, subtype=subtype)
        return path

    return write_file


@pytest.fixture
def table() -> Callable[..., pd.DataFrame]:
    """table({"curated": [paths], ...}): the clip table of these files."""

    def make_table(files: dict[str, list[Path]]) -> pd.DataFrame:
        rows = [(path.name, path, split) for split, paths in files.items() for path in paths]
        return pd.DataFrame(rows, columns=["fname", "path", "split"])

    return make_table


@pytest.fixture
def cleaned(monkeypatch):
    """Names of the clips that were worked on since the list was last cleared."""
    names = []
    original = clip.clean_clip

    def watched(task, settings):
        names.append(task.fname)
        return original(task, settings)

    monkeypatch.setattr(clip, "clean_clip", watched)
    return names
