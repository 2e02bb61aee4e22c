"""A VGG-like network for log-mel images, trained from scratch.

After the CNN6 to CNN14 of Kong et al. 2020, "PANNs", arXiv:1912.10211, and the small networks that beat ResNets from
scratch in the Freesound contest of 2019, where no outside weights were allowed: blocks of two 3 x 3 convolutions,
each block halved by average pooling, then the mean over bands and, unless `model.pool` says otherwise, the maximum
over time.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import keras
from keras import layers

from models.parts.blocks import norm
from models.parts.heads import HEAD_OPTIONS, tag_image
from models.settings import ModelError, ModelSettings

CHANNELS = 1
PUBLISHED = None
VARIABLE_LENGTH = False
OPTIONS = {**HEAD_OPTIONS, "filters": ()}
FILTERS = (16, 32, 64, 128)


def build(settings: ModelSettings, image_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Images 0..255 (batch, frames, bands, 1) -> logits (batch, n_classes).

    `settings.filters` gives depth and width: each block halves frames and bands and has so many filters.
    """
    filters = settings.filters or FILTERS
    smallest, frames = 2 ** len(filters), settings.patch_frames or image_shape[0]
    if min(frames, image_shape[1]) < smallest:
        raise ModelError(
            f"expected images (or patches) of at least {smallest} frames and bands for the {len(filters)} blocks of "
            f"model.filters, received {frames} and {image_shape[1]}; lengthen window.window_s or take fewer blocks"
        )
    image = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1 / 255, name="to_unit_range")(image)
    settings = replace(settings, pool=settings.pool or "max")
    return keras.Model(image, tag_image(settings, x, partial(_blocks, filters), n_classes), name="vgg_cnn")


def _blocks(widths: Sequence[int], x: keras.KerasTensor) -> keras.KerasTensor:
    x = norm(name="norm_image")(x)
    for number, filters in enumerate(widths, 1):
        for part in "ab":
            name = f"block{number}{part}"
            x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_conv")(x)
            x = layers.ReLU(name=f"{name}_relu")(norm(name=f"{name}_norm")(x))
        x = layers.AveragePooling2D(2, name=f"block{number}_pool")(x)
    return x
