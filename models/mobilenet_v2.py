"""MobileNetV2 (Sandler et al. 2018) with a dense head."""

import keras

from models.backbone import make_backbone
from models.heads import dense_head
from models.settings import ModelSettings

CHANNELS = 3


def build(settings: ModelSettings, image_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Images 0..255 (batch, frames, bands, 3) -> logits (batch, n_classes).

    80 classes: 2,606,480 parameters, 348,496 of them in the head.
    """
    image = keras.Input(image_shape, name="image")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="to_imagenet_range")(image)
    features = make_backbone(keras.applications.MobileNetV2, settings, image_shape)(x)
    return keras.Model(image, dense_head(settings, features, n_classes), name="mobilenet_v2")
