"""The level of windows made equal, before they become images."""

from typing import Any

import keras
from keras import ops

from tagging.frontend.settings import FrontendError

RMS = 0.1  # -20 dB under full scale: music and speech peak 10 to 18 dB over their RMS
SILENT = 1e-4  # -80 dB under full scale, three steps of PCM16: below, there is no sound to bring to a level


@keras.saving.register_keras_serializable(package="tagging")
class Level(keras.layers.Layer):
    """(batch, samples) -> (batch, samples), float32, every window at one level; silent windows stay as they are.

    Args:
        kind: `peak`: the largest sample becomes 1 (or -1); `rms`: the root mean square becomes 0.1, -20 dB under
            full scale, and peaks may pass 1.

    Raises:
        FrontendError: another kind.
    """

    def __init__(self, kind: str = "peak", **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        if kind not in ("peak", "rms"):
            raise FrontendError(f"expected frontend.normalize none, peak or rms, received {kind!r}")
        self.kind = kind
        self.trainable = False

    def call(self, waveform: Any) -> Any:
        if self.kind == "peak":
            level, wanted = ops.max(ops.abs(waveform), axis=-1, keepdims=True), 1.0
        else:
            level, wanted = ops.sqrt(ops.mean(ops.square(waveform), axis=-1, keepdims=True)), RMS
        return waveform * ops.where(level > SILENT, wanted / ops.maximum(level, SILENT), 1.0)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kind": self.kind}
