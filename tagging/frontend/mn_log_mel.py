"""The front end of EfficientAT's MobileNets: a part of their weights, so nothing here can be set."""

from typing import Any

import keras
import numpy as np
from keras import ops

from tagging.frontend.parts.spectrum import stft
from tagging.frontend.settings import FrontendError, FrontendSettings

TAKES = ("normalize",)
FRAMING = (1, 320)  # centred frames, 10 ms apart
PADDED = (1, 514)  # a reflection at both ends needs more than half an FFT
MOVES_EDGES = True
RATE_HZ = 32_000
EDGES_HZ = (0.0, 15_000.0)
FFT_SIZE, N_MELS = 1024, 128
FMIN_HZ, FMAX_HZ = EDGES_HZ
HANN_SAMPLES, HOP_SAMPLES = 800, FRAMING[1]
PRE_EMPHASIS = 0.97
LOG_OFFSET, SCALE = 1e-5, 5.0


@keras.saving.register_keras_serializable(package="tagging")
class MnLogMel(keras.layers.Layer):
    """(batch, samples) at 32 kHz in [-1, 1] -> (batch, frames, 128, 1), float32 of at least 0, silence 0.

    frames = 1 + (samples - 1) // 320; windows under 514 samples are padded with silence. Pre-emphasis
    x[i + 1] - 0.97 x[i], power spectrum under a symmetric Hann window of 25 ms in an FFT of 1024 (centred frames,
    reflected at the ends), 128 Kaldi mel bands from 0 to 15 kHz, then log(1 + mel / 1e-5) / 5. The published front end
    returns (log(mel + 1e-5) + 4.5) / 5; the network `mn` restores that offset, so that silence is 0 here, as in all
    images.

    Source: Schmid, Koutini and Widmer 2023, arXiv:2211.04772, https://github.com/fschmid56/EfficientAT.

    Args:
        rate_hz: sample rate of the waveform, 32000.

    Raises:
        FrontendError: another rate.
        ValueError: at build time, when the window has no samples.
    """

    def __init__(self, rate_hz: int = RATE_HZ, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        if rate_hz != RATE_HZ:
            raise FrontendError(
                f"expected cleaning.rate_hz={RATE_HZ} for frontend.name=mn_log_mel, received {rate_hz}; "
                "its weights were trained at that rate"
            )
        self.rate_hz = rate_hz
        self.trainable = False
        self._bank = ops.convert_to_numpy(mel_bank(FMIN_HZ, FMAX_HZ))

    def build(self, input_shape: tuple) -> None:
        if input_shape[-1] == 0:
            raise ValueError("expected a window of at least 1 sample. Received: 0 samples")

    def call(self, waveform: Any, edges_hz: Any = None) -> Any:
        """Waveforms -> images; `edges_hz` (batch, 2) is added to the edges of the mel bands of each window."""
        bank = self._bank
        if edges_hz is not None:
            bank = mel_bank(FMIN_HZ + edges_hz[:, 0], FMAX_HZ + edges_hz[:, 1])
        samples = waveform.shape[-1]
        lacking = 0 if samples is None else FrontendSettings("mn_log_mel").lacking(samples)
        padded = ops.pad(waveform, ((0, 0), (0, lacking)))
        sharp = padded[:, 1:] - PRE_EMPHASIS * padded[:, :-1]
        window = np.hanning(HANN_SAMPLES).astype(np.float32)
        real, imaginary = stft(sharp, HANN_SAMPLES, HOP_SAMPLES, FFT_SIZE, window, center=True)
        mel = ops.matmul(ops.square(real) + ops.square(imaginary), bank)
        return ops.expand_dims(ops.log1p(mel / LOG_OFFSET) / SCALE, -1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        samples = input_shape[-1]
        frames = None if samples is None else FrontendSettings("mn_log_mel").frames(samples)
        return (input_shape[0], frames, N_MELS, 1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate_hz": self.rate_hz}


def mel_bank(fmin_hz: Any, fmax_hz: Any) -> Any:
    """Kaldi's mel filters: edges in Hz (...) -> (..., 513, 128), triangles in mel of height 1, float32.

    Bands are equally spaced in mel(f) = 1127 ln(1 + f / 700). The bin at half the sample rate belongs to none.
    """
    hz = np.arange(FFT_SIZE // 2 + 1, dtype=np.float32) * (RATE_HZ / FFT_SIZE)
    low, high = (_mel(edge)[..., None, None] for edge in (fmin_hz, fmax_hz))
    band = (_mel(hz)[:, None] - low) * ((N_MELS + 1) / (high - low))
    triangles = ops.maximum(1.0 - ops.abs(band - np.arange(1, N_MELS + 1, dtype=np.float32)), 0.0)
    return triangles * (hz < RATE_HZ / 2)[:, None].astype(np.float32)


def _mel(hz: Any) -> Any:
    return 1127.0 * ops.log1p(ops.convert_to_tensor(hz, "float32") / 700.0)


LAYER = MnLogMel
