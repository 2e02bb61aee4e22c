"""The small network of study A: two convolution blocks and a dense layer, trained from scratch."""

from functools import partial

import keras
from keras import layers

from models.settings import ModelSettings

CHANNELS = 1


def build(settings: ModelSettings, image_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Images 0..255 (batch, frames, bands, 1) -> logits (batch, n_classes).

    At (92, 80, 1), 80 classes and 128 units: 37,844 parameters, 37,650 of them trainable.
    """
    norm = partial(
        layers.BatchNormalization, momentum=0.9
    )  # small sets: 0.99 needs over 400 steps to forget its start
    image = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1 / 255, name="to_unit_range")(image)
    for filters in (32, 64):
        x = norm(name=f"norm_{filters}")(x)
        x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"conv_{filters}")(x)
        x = layers.MaxPooling2D(name=f"pool_{filters}")(x)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    x = norm(name="norm_average")(x)
    x = layers.Dense(settings.units or 128, activation="relu", name="dense")(x)
    x = layers.Dropout(settings.dropout, name="dropout")(x)
    logits = layers.Dense(n_classes, dtype="float32", name="logits")(x)
    return keras.Model(image, logits, name="simple_cnn")
