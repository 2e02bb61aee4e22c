"""A CNN over time whose steps go through recurrent layers, after study E: CNN1D-GRU, CNN1D-LSTM, CNN1D-BiLSTM.

The three blocks of the standard network leave an eighth of the frames to the recurrent layers, which are slow.
"""

import keras

from models.cnn1d import BLOCK_OPTIONS, time_blocks
from models.parts.blocks import as_sequence
from models.rnn import RECURRENT_OPTIONS, recurrent, recurrent_head
from models.settings import ModelSettings

CHANNELS = 1
PUBLISHED = None
VARIABLE_LENGTH = True
OPTIONS = {**BLOCK_OPTIONS, **RECURRENT_OPTIONS}
FILTERS = [64, 128, 128]


def build(settings: ModelSettings, image_shape: tuple[int | None, int, int], n_outputs: int) -> keras.Model:
    """Images (batch, frames, bands, 1) -> logits (batch, n_outputs)."""
    image = keras.Input(image_shape, name="image")
    x, valid = time_blocks(settings, settings.filters or FILTERS, *as_sequence(settings, image))
    x = recurrent(settings, settings.cell or "gru", settings.rnn_units or 128, x, valid)
    return keras.Model(image, recurrent_head(settings, x, n_outputs), name="cnn_rnn")
