"""Mel-frequency cepstral coefficients (MFCC)."""

from typing import Any

import keras
import numpy as np
from keras import ops

from tagging.frontend.log_mel import FLOOR, LogMel, log10
from tagging.frontend.settings import FrontendError

TAKES = (
    "n_fft",
    "hop_length",
    "n_mels",
    "fmin_hz",
    "fmax_hz",
    "top_db",
    "n_mfcc",
    "normalize",
    "standardize",
)
ZERO_IS_SILENCE = False  # coefficient 0 carries the level


@keras.saving.register_keras_serializable(package="tagging")
class Mfcc(LogMel):
    """(batch, samples) in [-1, 1] -> (batch, frames, n_mfcc, 1), float32; the bands are the coefficients.

    The mel power of `LogMel` in absolute decibels, floored at top_db under the window's maximum, then the first
    `n_mfcc` rows of an orthonormal DCT-II over the mel bands. Equals `librosa.feature.mfcc` with `center=False,
    htk=True, mel_norm=None`. Silence is not 0: coefficient 0 carries the level, and is -100 sqrt(n_mels) there.

    Args:
        n_mfcc: number of coefficients, up to `n_mels`.
        options: of `LogMel`.

    Raises:
        FrontendError: more coefficients than mel bands; otherwise as `LogMel`.
    """

    def __init__(self, n_mfcc: int = 13, **options: Any) -> None:
        super().__init__(**options)
        if not 1 <= n_mfcc <= self.n_mels:
            raise FrontendError(
                f"expected frontend.n_mfcc from 1 to n_mels={self.n_mels}, received {n_mfcc}; lower it"
            )
        self.n_mfcc = n_mfcc
        self._to_cepstrum = _dct(n_mfcc, self.n_mels).T.astype(np.float32)

    @property
    def bands(self) -> int:
        return self.n_mfcc

    def features(self, waveform: Any) -> Any:
        return ops.matmul(self.decibels(self.mel_power(waveform)), self._to_cepstrum)

    def decibels(self, power: Any) -> Any:
        """Power (batch, frames, bands) -> dB, nothing more than top_db under the window's maximum."""
        absolute = 10.0 * log10(ops.maximum(power, FLOOR))
        return ops.maximum(absolute, ops.max(absolute, axis=(1, 2), keepdims=True) - self.top_db)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "n_mfcc": self.n_mfcc}


def _dct(rows: int, columns: int) -> np.ndarray:
    """The first rows of the orthonormal DCT-II matrix: sqrt(2 / N) cos(pi k (2 n + 1) / (2 N)), row 0 over sqrt(2)."""
    k, n = np.arange(rows)[:, np.newaxis], np.arange(columns)
    matrix = np.sqrt(2.0 / columns) * np.cos(np.pi * k * (2 * n + 1) / (2 * columns))
    matrix[0] /= np.sqrt(2.0)
    return matrix


LAYER = Mfcc
