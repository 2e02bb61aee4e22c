"""What several networks are made of: input, activations, hidden dense layers, logits."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
from keras import layers, ops

from models.parts.padding import Blank, SplitPadding
from models.settings import ModelError, ModelSettings

# Small sets: Keras's momentum of 0.99 needs over 400 steps to forget its start.
norm = partial(layers.BatchNormalization, momentum=0.9)

LOGITS = "head_logits"  # the last dense layer of every network
OF_OUTPUT = "head_output_"  # begins the name of layers that one output has for itself
EMBEDDING = "head_embedding"  # the layer whose output is the embedding, where that is not what enters LOGITS
LARGEST_LAYER = 100_000_000  # weights: 0.4 GB, and 1.6 GB with the gradients and moments of Adam


def as_sequence(settings: ModelSettings, image: keras.KerasTensor) -> tuple[Any, Any]:
    """Images (batch, frames, bands, 1) -> (sequence (batch, frames, bands), valid (batch, frames) or None).

    `valid` is None where the number of frames is known: then nothing is padded. Each band is normalised by its
    statistics over the valid frames, as a network cannot know whether 0..255 comes in or -1..1.
    """
    x, valid = ops.squeeze(image, axis=-1), None
    if image.shape[1] is None:
        x, valid = SplitPadding(dtype="float32", name="split_padding")(x)
    if settings.input_norm is not False:
        # float32: features of any scale come in, also some that float16 cannot hold.
        x = blanked(norm(name="norm_input", dtype="float32")(x, mask=valid), valid, "blank_input")
    return x, valid


def blanked(x: Any, valid: Any, name: str) -> Any:
    """The sequence with zeros in its padding, if it has any."""
    return x if valid is None else Blank(name=name)(x, valid)


def activation_name(settings: ModelSettings) -> str:
    """The activation of the settings, known to Keras.

    Raises:
        ModelError: an unknown one, or one that changes the width.
    """
    name = settings.activation or "relu"
    helpers = (
        "get",
        "serialize",
        "deserialize",
        "glu",
        "threshold",
    )  # glu halves the width, threshold has no defaults
    known = [n for n in dir(keras.activations) if not n.startswith("_") and n not in helpers]
    if name not in known:
        raise ModelError(
            f"expected model.activation as one of Keras's ({', '.join(known)}), received {name!r}"
        )
    return name


def hidden_layers(
    x: keras.KerasTensor,
    units: Sequence[int],
    dropout: float,
    activation: str = "relu",
    batch_norm: bool = False,
) -> keras.KerasTensor:
    """(..., features) -> (..., units[-1]): dense layers, each (normalised,) activated and with dropout behind it.

    Without any, dropout on the features.
    """
    for number, width in enumerate(units, 1):
        x = layers.Dense(width, use_bias=not batch_norm, name=f"head_dense_{number}")(x)
        if batch_norm:
            x = norm(name=f"head_norm_{number}")(x)
        x = layers.Activation(activation, name=f"head_activation_{number}")(x)
        x = layers.Dropout(dropout, name=f"head_dropout_{number}")(x)
    return x if units else layers.Dropout(dropout, name="head_dropout")(x)


def logits(x: keras.KerasTensor, n_outputs: int) -> keras.KerasTensor:
    """(..., features) -> (..., n_outputs) float32."""
    return layers.Dense(n_outputs, dtype="float32", name=LOGITS)(x)


def own_logits(
    x: keras.KerasTensor, n_outputs: int, units: Sequence[int], dropout: float, activation: str
) -> keras.KerasTensor:
    """(batch, features) -> (batch, n_outputs) float32: each output has hidden layers of its own.

    The layers are called `head_output_1_dense_1` and so on; what they share is the embedding.
    """
    if not units:
        return logits(x, n_outputs)
    x, outputs = layers.Identity(name=EMBEDDING)(x), []
    for output in range(1, n_outputs + 1):
        y, name = x, f"{OF_OUTPUT}{output}"
        for number, width in enumerate(units, 1):
            y = layers.Dense(width, activation, name=f"{name}_dense_{number}")(y)
            y = layers.Dropout(dropout, name=f"{name}_dropout_{number}")(y)
        outputs.append(layers.Dense(1, dtype="float32", name=name)(y))
    return layers.Concatenate(dtype="float32", name=LOGITS)(outputs)


def flat(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    """(batch, ...) -> (batch, features) for a dense layer of so many units.

    Raises:
        ModelError: the layer would be absurdly large.
    """
    x = layers.Flatten(name="flatten")(x)
    weights = x.shape[1] * width
    if weights > LARGEST_LAYER:
        raise ModelError(
            f"expected at most {LARGEST_LAYER:,} weights in the first dense layer, received {x.shape[1]:,} x {width:,} "
            f"= {weights:,}; shorten window.window_s, lower model.units, or pool more (model.pool_size of a CNN)"
        )
    return x


def refuse_without_hidden(settings: ModelSettings, units: Sequence[int], *keys: str) -> None:
    """Raise `ModelError` for keys that shape hidden dense layers where there are none."""
    for key in keys:
        if getattr(settings, key) is not None and not units:
            raise ModelError(
                f"model.{key} does nothing in {settings.name} without hidden dense layers; "
                "set model.units or leave it null"
            )
