"""A log-mel image of sound of any length, computed in one pass with little memory."""

import warnings
from collections.abc import Iterable

import librosa
import numpy as np

COLUMNS = 1000  # at least so many, where the sound is long enough, and less than twice as many
N_FFT, HOP, N_MELS = 1024, 512, 64
TOP_DB = 80.0
_LEAD = (N_FFT - HOP) // 2  # samples of a frame before its column, and behind it
_SILENT_DB = -115.0  # no sample of PCM16 but zeros is that low


def log_mel_overview(blocks: Iterable[np.ndarray], rate_hz: int) -> tuple[np.ndarray, float]:
    """A whole sound as an image; when it gets too wide, neighbouring columns become their mean.

    Args:
        blocks: (frames,) int16 each.
        rate_hz: their rate.

    Returns:
        (N_MELS, columns) in dB, the loudest at 0, none below -TOP_DB; and the seconds that it spans.
    """
    power, spanned_s = _mean_power(blocks, rate_hz)
    level = 10 * np.log10(np.maximum(power @ _mel_bank(rate_hz), 1e-12))
    if level.max() <= _SILENT_DB:
        return np.full_like(level.T, -TOP_DB), spanned_s
    return np.maximum(level - level.max(), -TOP_DB).T, spanned_s


def band_of(hz: float, rate_hz: int) -> float:
    """Where a frequency lies among the bands, whose middles are at 1 to N_MELS; half the rate is at N_MELS + 1."""
    return float((N_MELS + 1) * librosa.hz_to_mel(hz) / librosa.hz_to_mel(rate_hz / 2))


def _mean_power(blocks: Iterable[np.ndarray], rate_hz: int) -> tuple[np.ndarray, float]:
    """|STFT|^2 (columns, bins), a column the mean of as many frames as it takes; and the seconds that they span."""
    window, rest = np.hanning(N_FFT + 1)[:-1], np.empty(0, np.int16)
    sums, per_column, frames = np.zeros((2 * COLUMNS, N_FFT // 2 + 1)), 1, 0
    for block in _padded(blocks):
        rest = np.concatenate([rest, block])
        if len(rest) < N_FFT:
            continue
        cut = np.lib.stride_tricks.sliding_window_view(rest, N_FFT)[::HOP]
        while frames + len(cut) > 2 * COLUMNS * per_column:
            sums[:COLUMNS] = sums[::2] + sums[1::2]
            sums[COLUMNS:] = 0
            per_column *= 2
        columns = np.arange(frames, frames + len(cut)) // per_column
        np.add.at(sums, columns, np.abs(np.fft.rfft(cut / 32768.0 * window)) ** 2)
        frames, rest = frames + len(cut), rest[len(cut) * HOP :]
    width = -(-frames // per_column)
    counts = np.minimum(per_column, frames - per_column * np.arange(width))
    return sums[:width] / counts[:, None], width * per_column * HOP / rate_hz


def _padded(blocks: Iterable[np.ndarray]) -> Iterable[np.ndarray]:
    """With so many zeros that column i is a frame around the samples from i * HOP to (i + 1) * HOP, up to the last."""
    yield np.zeros(_LEAD, np.int16)
    yield from blocks
    yield np.zeros(N_FFT - _LEAD - 1, np.int16)


def _mel_bank(rate_hz: int) -> np.ndarray:
    with warnings.catch_warnings():  # at low rates the lowest bands are narrower than a bin
        warnings.filterwarnings("ignore", message="Empty filters")
        return librosa.filters.mel(sr=rate_hz, n_fft=N_FFT, n_mels=N_MELS, dtype=np.float64).T
