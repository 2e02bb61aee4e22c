"""What synthesised sounds are made of: noise, decays, glides and repeated events, float64."""

from collections.abc import Callable

import numpy as np

RATE_HZ = 44_100


def band_noise(rng: np.random.Generator, n: int, low_hz: float, high_hz: float) -> np.ndarray:
    """White noise between two frequencies, unit variance before the filter."""
    from scipy.signal import butter, sosfilt  # noqa: PLC0415  all commands know the demo, and few make its sounds

    sections = butter(2, (low_hz, high_hz), "bandpass", fs=RATE_HZ, output="sos")
    return sosfilt(sections, rng.standard_normal(n))


def time_s(n: int) -> np.ndarray:
    return np.arange(n) / RATE_HZ


def decay(n: int, to_60_db_s: float) -> np.ndarray:
    """Exponential decay that has lost 60 dB after `to_60_db_s`."""
    return 10.0 ** (-3.0 * time_s(n) / to_60_db_s)


def phase_of(frequency_hz: np.ndarray) -> np.ndarray:
    """Phase in radians of an oscillator of changing frequency."""
    return 2 * np.pi * np.cumsum(frequency_hz) / RATE_HZ


def slow(rng: np.random.Generator, n: int, every_s: float, low: float, high: float) -> np.ndarray:
    """A random line between `low` and `high`, with a new target every `every_s`."""
    knots = rng.uniform(low, high, int(n / RATE_HZ / every_s) + 3)
    return np.interp(time_s(n), (np.arange(len(knots)) - rng.random()) * every_s, knots)


def repeat(
    rng: np.random.Generator, n: int, period_s: float, jitter: float, event: Callable[[int], np.ndarray]
) -> np.ndarray:
    """Events laid over each other at a period, the first one near the start; `event(i)` is the i-th."""
    out, at_s = np.zeros(n), rng.uniform(0.0, 0.05)
    for i in range(n):
        start = int(at_s * RATE_HZ)
        if start >= n:
            break
        sound = event(i)[: n - start]
        out[start : start + len(sound)] += sound
        at_s += period_s * (1 + jitter * rng.uniform(-1, 1))
    return out
