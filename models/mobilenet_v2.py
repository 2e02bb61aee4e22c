"""MobileNetV2 (Sandler et al. 2018) as backbone."""

import keras

from models.parts.backbone import make_backbone
from models.parts.heads import HEAD_OPTIONS, tag_image
from models.settings import ModelSettings

CHANNELS = 3
PUBLISHED = "imagenet"
VARIABLE_LENGTH = False
OPTIONS = HEAD_OPTIONS


def build(settings: ModelSettings, image_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Images 0..255 (batch, frames, bands, 3) -> logits (batch, n_classes).

    80 classes, dense head: 2,606,480 parameters, 348,496 of them in the head.
    """
    image = keras.Input(image_shape, name="image")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="to_imagenet_range")(image)
    backbone = make_backbone(keras.applications.MobileNetV2, settings, image_shape)
    return keras.Model(image, tag_image(settings, x, backbone, n_classes), name="mobilenet_v2")
