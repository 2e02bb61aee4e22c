"""Means and standard deviations of MFCC over a window."""

from typing import Any

import keras
from keras import ops

from tagging.frontend.mfcc import Mfcc

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
ZERO_IS_SILENCE = False
ONE_FRAME = True


@keras.saving.register_keras_serializable(package="tagging")
class MfccStatistics(Mfcc):
    """(batch, samples) in [-1, 1] -> (batch, 1, 2 n_mfcc, 1), float32: a window is one frame.

    The means over time of what `Mfcc` computes, then the standard deviations (divided by the number of frames), as in
    the offline features of the same name.

    Args:
        options: of `Mfcc`.
    """

    @property
    def bands(self) -> int:
        return 2 * self.n_mfcc

    def features(self, waveform: Any) -> Any:
        coefficients = super().features(waveform)
        mean, deviation = ops.mean(coefficients, axis=1), ops.std(coefficients, axis=1)
        return ops.expand_dims(ops.concatenate([mean, deviation], axis=-1), 1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (input_shape[0], 1, self.bands, self.channels)


LAYER = MfccStatistics
