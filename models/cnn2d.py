"""A plain CNN on images, after studies B and C: blocks of one convolution each, flattened, then dense layers."""

import keras
from keras import layers, ops

from models.parts.blocks import activation_name, as_sequence, flat, hidden_layers, logits, norm
from models.settings import ModelError, ModelSettings

CHANNELS = 1
PUBLISHED = None
VARIABLE_LENGTH = False
OPTIONS = dict.fromkeys(
    ("filters", "kernel_size", "padding", "pool_size", "batch_norm", "units", "activation", "input_norm"), ()
)
FILTERS = [16, 32, 64, 128]
UNITS = [1024, 256, 32]


def build(settings: ModelSettings, image_shape: tuple[int, int, int], n_outputs: int) -> keras.Model:
    """Images (batch, frames, bands, 1) -> logits (batch, n_outputs).

    A block is a convolution, batch normalisation, activation, maximum pooling; dropout is on dense layers only.

    Raises:
        ModelError: the image is used up before the last block.
    """
    units = UNITS if settings.units is None else settings.units
    image = keras.Input(image_shape, name="image")
    x, _ = as_sequence(settings, image)
    x = _blocks(settings, ops.expand_dims(x, axis=-1))
    x = hidden_layers(
        flat(x, units[0] if units else n_outputs), units, settings.dropout, activation_name(settings)
    )
    return keras.Model(image, logits(x, n_outputs), name="cnn2d")


def _blocks(settings: ModelSettings, x: keras.KerasTensor) -> keras.KerasTensor:
    """(batch, frames, bands, 1) -> (batch, steps, bands left, filters[-1])."""
    kernel_size, pool_size = settings.kernel_size or 5, settings.pool_size or 2
    padding, has_norm = settings.padding or "same", settings.batch_norm is not False
    for number, filters in enumerate(settings.filters or FILTERS, 1):
        _check_size(x, number, (kernel_size if padding == "valid" else 1) + pool_size - 1)
        name = f"block{number}"
        x = layers.Conv2D(filters, kernel_size, padding=padding, use_bias=not has_norm, name=f"{name}_conv")(
            x
        )
        if has_norm:
            x = norm(name=f"{name}_norm")(x)
        x = layers.Activation(activation_name(settings), name=f"{name}_activation")(x)
        if pool_size > 1:
            x = layers.MaxPooling2D(pool_size, name=f"{name}_pool")(x)
    return x


def _check_size(x: keras.KerasTensor, number: int, smallest: int) -> None:
    frames, bands = x.shape[1:3]
    if min(frames, bands) < smallest:
        raise ModelError(
            f"expected at least {smallest} frames and bands before block {number} of cnn2d, received {frames} and "
            f"{bands}; take fewer model.filters, model.padding=same or a smaller model.pool_size, or larger images"
        )
