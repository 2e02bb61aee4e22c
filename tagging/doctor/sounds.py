"""Level and bandwidth of an audio file, from its first minute."""

from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np

from preprocessing.errors import DecodeError
from preprocessing.mono import to_mono
from preprocessing.sound_files import FileSound

MOST_S = 60.0
FLOOR_DBFS = -120.0  # of digital silence
FULL_SCALE = 0.999  # from here on a sample counts as clipped
EDGE_SHARE = 1e-6  # of the energy lies above `top_hz`: -60 dB, above the noise of 16 bits
_FFT = 2048


class Measured(NamedTuple):
    """What was measured of a file, as the mean of its channels.

    Attributes:
        peak_dbfs, rms_dbfs: level, at least FLOOR_DBFS.
        full_share: share of the samples at full scale.
        top_hz: frequency above which next to no energy lies; NaN for silence.
    """

    peak_dbfs: float
    rms_dbfs: float
    full_share: float
    top_hz: float


def listen(path: Path) -> Measured | None:
    """Measures a file; None where it cannot be decoded."""
    peak, energy, full, frames, rate_hz = 0.0, 0.0, 0, 0, 1
    spectrum = np.zeros(_FFT // 2 + 1)
    try:
        with closing(FileSound(path).blocks()) as blocks:  # type: ignore[type-var]  # a generator
            for block, rate_hz in blocks:
                mono = to_mono(block)
                peak = max(peak, float(np.abs(mono).max()))
                energy += float(np.square(mono).sum(dtype=np.float64))
                full += int((np.abs(block) >= FULL_SCALE).any(axis=1).sum())
                if len(mono) >= _FFT or not frames:
                    spectrum += _power(mono)
                frames += len(mono)
                if frames >= MOST_S * rate_hz:
                    break
    except (DecodeError, OSError):
        return None
    rms = (energy / frames) ** 0.5
    return Measured(_dbfs(peak), _dbfs(rms), full / frames, _edge_hz(spectrum, rate_hz))


def _power(mono: np.ndarray) -> np.ndarray:
    """Power spectrum, (bins,), summed over whole frames of `_FFT` samples; a sound shorter than one is padded."""
    whole = mono[: len(mono) // _FFT * _FFT] if len(mono) >= _FFT else np.pad(mono, (0, _FFT - len(mono)))
    return (np.abs(np.fft.rfft(whole.reshape(-1, _FFT) * np.hanning(_FFT), axis=1)) ** 2).sum(axis=0)


def _edge_hz(spectrum: np.ndarray, rate_hz: int) -> float:
    above = np.cumsum(spectrum[::-1])[::-1]
    if above[0] == 0:
        return float("nan")
    return float(np.flatnonzero(above > EDGE_SHARE * above[0])[-1] * rate_hz / _FFT)


def _dbfs(value: float) -> float:
    return max(FLOOR_DBFS, 20 * float(np.log10(max(value, 1e-9))))
