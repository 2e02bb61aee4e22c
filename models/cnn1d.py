"""A CNN over time, the bands (or the one band of a waveform) as channels: study B's on waveforms.

Its steps are pooled over time, not flattened: so the size does not depend on the length, as is usual for waveforms
(Dai et al. 2017, "Very deep convolutional neural networks for raw waveforms", arXiv:1610.00087), and clips may differ
in it.
For a waveform, `stride` and `pool_size` of 4 keep the work small.
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from models.parts.blocks import activation_name, as_sequence, blanked, hidden_layers, logits, norm
from models.parts.padding import POOLS, EveryNth, MaxPoolTime, PoolOverTime
from models.settings import ModelError, ModelSettings

CHANNELS = 1
PUBLISHED = None
VARIABLE_LENGTH = True
BLOCK_OPTIONS: dict[str, tuple[str, ...]] = dict.fromkeys(
    ("filters", "kernel_size", "stride", "pool_size", "batch_norm", "activation", "input_norm"), ()
)
OPTIONS = {**BLOCK_OPTIONS, "units": (), "pool": POOLS}
FILTERS = [16, 32, 64, 128]
UNITS = [128]


def build(settings: ModelSettings, image_shape: tuple[int | None, int, int], n_outputs: int) -> keras.Model:
    """Images (batch, frames, bands, 1) -> logits (batch, n_outputs)."""
    image = keras.Input(image_shape, name="image")
    x, valid = time_blocks(settings, settings.filters or FILTERS, *as_sequence(settings, image))
    x = PoolOverTime(settings.pool or "mean", name="pool")(x, valid)
    units = UNITS if settings.units is None else settings.units
    x = hidden_layers(x, units, settings.dropout, activation_name(settings))
    return keras.Model(image, logits(x, n_outputs), name="cnn1d")


def time_blocks(settings: ModelSettings, filters: Sequence[int], x: Any, valid: Any) -> tuple[Any, Any]:
    """(x (batch, frames, bands), valid or None) -> the same of fewer steps, x with filters[-1] channels.

    A block is a convolution over time, batch normalisation, activation, maximum pooling. The first convolution goes on
    by `stride` frames. A step is valid if its window holds any frame of the clip.
    """
    stride, pool_size = settings.stride or 1, settings.pool_size or 2
    for number, width in enumerate(filters, 1):
        name = f"block{number}"
        x, valid = _convolution(settings, width, stride if number == 1 else 1, name, x, valid)
        if pool_size > 1:
            x = MaxPoolTime(pool_size, name=f"{name}_pool")(x, valid)
            valid = _thinned(valid, pool_size, f"{name}_valid")
    return x, valid


def _convolution(
    settings: ModelSettings, width: int, stride: int, name: str, x: Any, valid: Any
) -> tuple[Any, Any]:
    kernel_size, has_norm = settings.kernel_size or 5, settings.batch_norm is not False
    if stride > kernel_size:
        raise ModelError(
            f"expected model.stride of at most model.kernel_size, {kernel_size}, as frames between would not be seen, "
            f"received {stride}; raise model.kernel_size"
        )
    # Keras's "same" pads a strided convolution by the length, so that the steps of a clip would hang on its batch.
    x = layers.ZeroPadding1D(((kernel_size - 1) // 2, kernel_size // 2), name=f"{name}_pad")(x)
    x = layers.Conv1D(width, kernel_size, stride, use_bias=not has_norm, name=f"{name}_conv")(x)
    valid = _thinned(valid, stride, f"{name}_conv_valid")
    if has_norm:
        x = norm(name=f"{name}_norm")(x, mask=valid)
    x = layers.Activation(activation_name(settings), name=f"{name}_activation")(x)
    return blanked(x, valid, f"{name}_blank"), valid


def _thinned(valid: Any, n: int, name: str) -> Any:
    return valid if valid is None or n == 1 else EveryNth(n, name=name)(valid)
