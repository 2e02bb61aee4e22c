"""The same images from tensorflow-io's Python ops, for those who want to keep to that library."""

import warnings
from typing import Any

import keras
import tensorflow as tf

from tagging.frontend.log_mel import LogMel
from tagging.frontend.parts.spectrum import is_without_fft, stft
from tagging.frontend.settings import FrontendError

with warnings.catch_warnings():
    # Its C++ plug-ins do not load next to a recent TensorFlow, and it says so; only its Python ops are used here.
    warnings.simplefilter("ignore")
    try:
        import tensorflow_io as tfio
    except ImportError as error:
        raise FrontendError(
            f"frontend.name=tfio_log_mel needs tensorflow-io ({error}); use frontend.name=log_mel, the same numerics"
        ) from error

if keras.backend.backend() != "tensorflow":
    raise FrontendError(
        f"frontend.name=tfio_log_mel: expected Keras's backend tensorflow, received {keras.backend.backend()}; use "
        "frontend.name=log_mel, the same numerics"
    )

TAKES = ("n_fft", "hop_length", "n_mels", "fmin_hz", "fmax_hz", "top_db", "channels", "standardize")


@keras.saving.register_keras_serializable(package="tagging")
class TfioLogMel(LogMel):
    """`LogMel` computed by tfio.audio.spectrogram, melscale and dbscale; of these, exports have only melscale.

    TensorFlow backend only.
    """

    def mel_power(self, waveform: Any) -> Any:
        fmax_hz = self.fmax_hz or self.rate_hz / 2
        return tfio.audio.melscale(self._power(waveform), self.rate_hz, self.n_mels, self.fmin_hz, fmax_hz)

    def _power(self, waveform: Any) -> Any:
        if is_without_fft():
            real, imaginary = stft(waveform, self.n_fft, self.hop_length, self.n_fft)
            return tf.square(real) + tf.square(imaginary)
        frames = self.compute_output_shape(waveform.shape)[1]
        # It pads the end (frames beyond the last whole one are cut here) and returns magnitudes.
        magnitude = tfio.audio.spectrogram(waveform, self.n_fft, self.n_fft, self.hop_length)
        return tf.square(magnitude[:, :frames])

    def decibels(self, power: Any) -> Any:
        if is_without_fft():
            return super().decibels(power)
        # dbscale squares what it gets, and floors at the maximum of the whole tensor: one window at a time.
        scaled = tf.map_fn(lambda window: tfio.audio.dbscale(window, self.top_db), tf.sqrt(power))
        peak = tf.reduce_max(scaled, axis=(1, 2), keepdims=True)
        silent = tf.reduce_max(power, axis=(1, 2), keepdims=True) <= 1e-10
        return tf.where(silent, 0.0, tf.maximum(scaled - peak + self.top_db, 0.0))


LAYER = TfioLogMel
