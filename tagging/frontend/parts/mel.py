"""HTK's mel bands, the ones of log-mel images; without Keras."""

import warnings

import librosa
import numpy as np


def mel_bank(rate_hz: int, n_fft: int, n_mels: int, fmin_hz: float, fmax_hz: float | None) -> np.ndarray:
    """Weights of the bins of an FFT in each band, (n_mels, n_fft // 2 + 1), without area normalisation."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Empty filters")  # `empty_bands` counts them
        return librosa.filters.mel(
            sr=rate_hz, n_fft=n_fft, n_mels=n_mels, fmin=fmin_hz, fmax=fmax_hz, htk=True, norm=None
        )


def empty_bands(bank: np.ndarray) -> int:
    """How many bands hold no bin."""
    return int((bank.max(axis=1) == 0).sum())
