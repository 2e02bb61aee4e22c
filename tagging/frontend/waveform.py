"""The waveform itself as an image."""

from typing import Any

import keras
from keras import ops

TAKES = ("normalize", "standardize")
FRAMING = (1, 1)


@keras.saving.register_keras_serializable(package="tagging")
class RawWaveform(keras.layers.Layer):
    """(batch, samples) in [-1, 1] -> (batch, samples, 1, 1), float32: a frame is a sample, silence is 0.

    Args:
        rate_hz: sample rate of the waveform; stored with the model as by every front end, it changes nothing.
    """

    def __init__(self, rate_hz: int = 16_000, **kwargs: Any) -> None:
        # Under mixed precision the waveform would come out with 11 bits.
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.rate_hz = rate_hz
        self.trainable = False

    def call(self, waveform: Any) -> Any:
        return ops.expand_dims(waveform, (-2, -1))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (*input_shape, 1, 1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate_hz": self.rate_hz}


LAYER = RawWaveform
