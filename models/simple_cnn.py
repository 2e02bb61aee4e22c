"""The small network of study A, trained from scratch: two convolution blocks and a dense layer."""

from dataclasses import replace

import keras
from keras import layers

from models.parts.heads import HEAD_OPTIONS, tag_image
from models.settings import ModelError, ModelSettings

CHANNELS = 1
PUBLISHED = None
VARIABLE_LENGTH = False
OPTIONS: dict[str, tuple[str, ...]] = {**HEAD_OPTIONS, "kernel_size": ()}


def build(settings: ModelSettings, image_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Images 0..255 (batch, frames, bands, 1) -> logits (batch, n_classes): the conv head on the image itself.

    At (92, 80, 1), 80 classes, 128 units and kernels of 3: 37,844 parameters, 37,650 of them trainable.
    """
    if settings.head == "dense":
        raise ModelError(
            "model.head: simple_cnn is the conv head itself, expected conv or null, received dense"
        )
    image = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1 / 255, name="to_unit_range")(image)
    logits = tag_image(replace(settings, head="conv"), x, lambda patch: patch, n_classes)
    return keras.Model(image, logits, name="simple_cnn")
