"""YAMNet's front end: a part of its weights, so nothing here can be set."""

from typing import Any

import keras
import numpy as np
from keras import ops

from tagging.frontend.parts.spectrum import stft
from tagging.frontend.settings import FrontendError, FrontendSettings

TAKES = ("normalize",)
FRAMING = (400, 160)  # 25 and 10 ms
PADDED = (15_360, 15_600)  # 0.96 s, a patch, whose 96 frames reach to 0.975 s
RATE_HZ = 16_000
EDGES_HZ = (125.0, 7500.0)
FFT_SIZE, N_MELS = 512, 64
FMIN_HZ, FMAX_HZ = EDGES_HZ
HANN_SAMPLES, HOP_SAMPLES = FRAMING
LOG_OFFSET = 0.001


@keras.saving.register_keras_serializable(package="tagging")
class YamnetLogMel(keras.layers.Layer):
    """(batch, samples) at 16 kHz in [-1, 1] -> (batch, frames, 64, 1), float32 of at least 0, silence 0.

    frames = 1 + (samples - 400) // 160. A window of 0.96 to 0.975 s gets silence after it up to 0.975 s, the 96 frames
    of a patch, as the published `pad_waveform` has it; no other is padded. Magnitude spectrum under a periodic Hann
    window of 25 ms in an FFT of 512, 64 HTK mel bands from 125 to 7500 Hz, then log(mel + 0.001) - log(0.001). The
    published front end does not take log(0.001) off, and the network `yamnet` adds it again: so silence is 0, as in
    all images here.

    Source: Plakal and Ellis, features.py and params.py next to the published yamnet.py.

    Args:
        rate_hz: sample rate of the waveform, 16000.

    Raises:
        FrontendError: another rate.
        ValueError: at build time, when the window is shorter than 25 ms.
    """

    def __init__(self, rate_hz: int = RATE_HZ, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        if rate_hz != RATE_HZ:
            raise FrontendError(
                f"expected cleaning.rate_hz={RATE_HZ} for frontend.name=yamnet, received {rate_hz}; "
                "its weights were trained at that rate"
            )
        self.rate_hz = rate_hz
        self.trainable = False
        # Triangles in mel, as the published front end has them; librosa's are straight in Hz.
        bank = keras.layers.MelSpectrogram().linear_to_mel_weight_matrix(
            N_MELS, 1 + FFT_SIZE // 2, RATE_HZ, FMIN_HZ, FMAX_HZ
        )
        self._bank = ops.convert_to_numpy(bank)

    def build(self, input_shape: tuple) -> None:
        samples = input_shape[-1]
        if samples is not None and samples < HANN_SAMPLES:
            raise ValueError(
                f"expected a window of at least {HANN_SAMPLES} samples. Received: {samples} samples"
            )

    def call(self, waveform: Any) -> Any:
        # Keras centres a window that is shorter than the FFT: the padding puts it where YAMNet has it.
        side = (FFT_SIZE - HANN_SAMPLES) // 2
        samples = waveform.shape[-1]
        lacking = 0 if samples is None else FrontendSettings("yamnet").lacking(samples)
        padded = ops.pad(waveform, ((0, 0), (side, side + lacking)))
        real, imaginary = stft(padded, HANN_SAMPLES, HOP_SAMPLES, FFT_SIZE)
        mel = ops.matmul(ops.sqrt(ops.square(real) + ops.square(imaginary)), self._bank)
        return ops.expand_dims(ops.log(mel + LOG_OFFSET) - np.log(LOG_OFFSET).astype(np.float32), -1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        samples = input_shape[-1]
        frames = None if samples is None else FrontendSettings("yamnet").frames(samples)
        return (input_shape[0], frames, N_MELS, 1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate_hz": self.rate_hz}


LAYER = YamnetLogMel
