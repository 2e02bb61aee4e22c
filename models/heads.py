"""What stands on a backbone."""

import keras
from keras import layers

from models.settings import ModelSettings


def dense_head(settings: ModelSettings, features: keras.KerasTensor, n_classes: int) -> keras.KerasTensor:
    """Feature map (batch, frames, bands, channels) -> logits (batch, n_classes).

    Global average pooling, one dense ReLU layer (256 units in study A), dropout, logits in float32.
    """
    x = layers.GlobalAveragePooling2D(name="head_average")(features)
    x = layers.Dense(settings.units or 256, activation="relu", name="head_dense")(x)
    x = layers.Dropout(settings.dropout, name="head_dropout")(x)
    return layers.Dense(n_classes, dtype="float32", name="head_logits")(x)
