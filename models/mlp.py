"""A multilayer perceptron on the flattened image: study B's on waveforms, study C's 26-128-32-4 on MFCC statistics."""

import keras

from models.parts.blocks import (
    activation_name,
    as_sequence,
    flat,
    hidden_layers,
    logits,
    refuse_without_hidden,
)
from models.settings import ModelSettings

CHANNELS = 1
PUBLISHED = None
VARIABLE_LENGTH = False
OPTIONS = {"units": (), "activation": (), "input_norm": (), "batch_norm": ()}
UNITS = [512, 512]


def build(settings: ModelSettings, image_shape: tuple[int, int, int], n_outputs: int) -> keras.Model:
    """Images (batch, frames, bands, 1) -> logits (batch, n_outputs).

    Every sample of the image has a weight for each unit: a waveform has to be short, 3 s at 16 kHz by 512 units are
    24.6 million weights.
    """
    units = UNITS if settings.units is None else settings.units
    refuse_without_hidden(settings, units, "activation", "batch_norm")
    image = keras.Input(image_shape, name="image")
    x, _ = as_sequence(settings, image)
    x = flat(x, units[0] if units else n_outputs)
    x = hidden_layers(x, units, settings.dropout, activation_name(settings), bool(settings.batch_norm))
    return keras.Model(image, logits(x, n_outputs), name="mlp")
