"""Log-mel images, the one definition that training, prediction and export share."""

from typing import Any

import keras
import numpy as np
from keras import ops

from tagging.frontend.parts.mel import empty_bands, mel_bank
from tagging.frontend.parts.spectrum import stft
from tagging.frontend.settings import FrontendError

TAKES = ("n_fft", "hop_length", "n_mels", "fmin_hz", "fmax_hz", "top_db", "channels", "standardize")
FLOOR = 1e-10  # power under which a window counts as silent; librosa's `amin`


@keras.saving.register_keras_serializable(package="tagging")
class LogMel(keras.layers.Layer):
    """(batch, samples) in [-1, 1] -> (batch, frames, n_mels, channels), float32 in 0..255.

    frames = 1 + (samples - n_fft) // hop_length: nothing is padded. Power spectrum under a periodic
    Hann window, HTK mel bands without area normalisation, decibels under the window's own maximum,
    floored at -top_db, then linearly to 0..255. A silent window is all 0.

    Args:
        rate_hz: sample rate of the waveform.
        n_fft, hop_length, n_mels, fmin_hz, fmax_hz, top_db: see `FrontendSettings`.
        channels: how many equal channels the image gets.

    Raises:
        FrontendError: some mel bands hold no bin of the FFT.
        ValueError: at build time, when the window is shorter than one FFT.
    """

    def __init__(
        self,
        rate_hz: int = 16_000,
        n_fft: int = 1024,
        hop_length: int = 512,
        n_mels: int = 80,
        fmin_hz: float = 0.0,
        fmax_hz: float | None = None,
        top_db: float = 80.0,
        channels: int = 1,
        **kwargs: Any,
    ) -> None:
        # Under mixed precision a float16 power spectrum overflows.
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.rate_hz = rate_hz
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.n_mels = n_mels
        self.fmin_hz = fmin_hz
        self.fmax_hz = fmax_hz
        self.top_db = top_db
        self.channels = channels
        self.trainable = False
        bank = mel_bank(rate_hz, n_fft, n_mels, fmin_hz, fmax_hz)
        if empty := empty_bands(bank):
            raise FrontendError(
                f"expected mel bands that each hold a bin of the FFT, but n_fft={n_fft} leaves {empty} of "
                f"n_mels={n_mels} empty; lower n_mels or raise n_fft"
            )
        self._bank = bank.T.astype(np.float32)

    def build(self, input_shape: tuple) -> None:
        samples = input_shape[-1]
        if samples is not None and samples < self.n_fft:
            raise ValueError(
                f"expected a window of at least n_fft={self.n_fft} samples. Received: {samples} samples"
            )

    def call(self, waveform: Any) -> Any:
        image = ops.expand_dims(self.features(waveform), -1)
        image = ops.repeat(image, self.channels, axis=-1) if self.channels > 1 else image
        return ops.reshape(image, (-1, *self.compute_output_shape(waveform.shape)[1:]))

    @property
    def bands(self) -> int:
        """Bands of the image."""
        return self.n_mels

    def features(self, waveform: Any) -> Any:
        """(batch, samples) -> (batch, frames, bands), the image before it has channels."""
        return self.decibels(self.mel_power(waveform)) * (255.0 / self.top_db)

    def mel_power(self, waveform: Any) -> Any:
        """(batch, samples) -> power in mel bands, (batch, frames, n_mels)."""
        real, imaginary = stft(waveform, self.n_fft, self.hop_length, self.n_fft)
        return ops.matmul(ops.square(real) + ops.square(imaginary), self._bank)

    def decibels(self, power: Any) -> Any:
        """Power (batch, frames, bands) -> dB over the floor: 0 at -top_db, top_db at the window's maximum."""
        peak = ops.max(power, axis=(1, 2), keepdims=True)
        under_peak = 10.0 * (log10(ops.maximum(power, FLOOR)) - log10(ops.maximum(peak, FLOOR)))
        return ops.where(peak > FLOOR, ops.maximum(under_peak + self.top_db, 0.0), 0.0)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        samples = input_shape[-1]
        frames = None if samples is None else 1 + (samples - self.n_fft) // self.hop_length
        return (input_shape[0], frames, self.bands, self.channels)

    def get_config(self) -> dict[str, Any]:
        own = ("rate_hz", "n_fft", "hop_length", "n_mels", "fmin_hz", "fmax_hz", "top_db", "channels")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}


def log10(x: Any) -> Any:
    """Decimal logarithm in float32; `ops.log10` is another kernel, and images should stay as they are."""
    return ops.log(x) / np.log(10.0).astype(np.float32)


LAYER = LogMel
