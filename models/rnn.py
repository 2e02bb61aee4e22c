"""Recurrent layers over the frames, after study D: two bidirectional LSTM layers of 64 units, their last step."""

from typing import Any

import keras
from keras import layers

from models.parts.blocks import (
    activation_name,
    as_sequence,
    hidden_layers,
    own_logits,
    refuse_without_hidden,
)
from models.parts.padding import POOLS, PoolOverTime
from models.settings import ModelSettings

CHANNELS = 1
PUBLISHED = None
VARIABLE_LENGTH = True
RECURRENT_OPTIONS = {
    **dict.fromkeys(("cell", "rnn_units", "rnn_layers", "bidirectional", "units", "output_units"), ()),
    "pool": ("last", *POOLS),
}
OPTIONS: dict[str, tuple[str, ...]] = {**RECURRENT_OPTIONS, "activation": (), "input_norm": ()}
CELLS = {"lstm": layers.LSTM, "gru": layers.GRU}


def build(settings: ModelSettings, image_shape: tuple[int | None, int, int], n_outputs: int) -> keras.Model:
    """Images (batch, frames, bands, 1) -> logits (batch, n_outputs)."""
    refuse_without_hidden(settings, [*(settings.units or ()), *(settings.output_units or ())], "activation")
    image = keras.Input(image_shape, name="image")
    x = recurrent(settings, settings.cell or "lstm", settings.rnn_units or 64, *as_sequence(settings, image))
    return keras.Model(image, recurrent_head(settings, x, n_outputs), name="rnn")


def recurrent_head(settings: ModelSettings, x: keras.KerasTensor, n_outputs: int) -> keras.KerasTensor:
    """Features (batch, channels) -> logits (batch, n_outputs): shared layers, then those of each output."""
    activation = activation_name(settings)
    x = hidden_layers(x, settings.units or (), settings.dropout, activation)
    return own_logits(x, n_outputs, settings.output_units or (), settings.dropout, activation)


def recurrent(settings: ModelSettings, cell: str, rnn_units: int, x: Any, valid: Any) -> Any:
    """(x (batch, steps, channels), valid or None) -> features (batch, channels), pooled over the clip's own steps.

    `last` is the forward direction after the last valid step and the backward one after the first, side by side:
    each has then seen the whole clip. Padding changes neither, as masked steps pass the state on.
    """
    n_layers, pool = settings.rnn_layers or 2, settings.pool or "last"
    for number in range(1, n_layers + 1):
        is_last = number == n_layers
        layer = CELLS[cell](rnn_units, return_sequences=not is_last or pool != "last", name=f"rnn_{number}")
        if settings.bidirectional is not False:
            layer = layers.Bidirectional(layer, name=f"rnn_{number}")
        x = layer(x, mask=valid)
        if not is_last:
            x = layers.Dropout(settings.dropout, name=f"rnn_dropout_{number}")(x)
    return x if pool == "last" else PoolOverTime(pool, name="pool")(x, valid)
