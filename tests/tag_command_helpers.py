"""`python -m tagging tag` inside a test, and sounds for it."""

from pathlib import Path

import numpy as np

from tagging import __main__

RATE_HZ = 8_000
TONES_HZ = {"high": 3_000, "low": 300, "middle": 1_000}


def tone(name: str, seconds: float, seed: int, rate_hz: int = RATE_HZ) -> np.ndarray:
    """Near one of the tones, with some noise, (frames,)."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    wave = rng.uniform(0.2, 0.6) * np.sin(2 * np.pi * rng.uniform(0.9, 1.1) * TONES_HZ[name] * time_s)
    return wave + rng.normal(0, 0.01, len(wave))


def unusable(folder: Path) -> Path:
    """A file that is there, and holds no sound."""
    path = folder / "bad.wav"
    path.write_text("no sound")
    return path


def tag(*arguments: object) -> int:
    return __main__.main(["tag", *map(str, arguments)])


def refused(capsys, *arguments: object) -> str:
    """The one line of a command that is refused."""
    capsys.readouterr()  # of earlier commands
    assert tag(*arguments) == 2
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1
    return error[0]
