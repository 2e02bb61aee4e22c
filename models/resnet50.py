"""ResNet50 (He et al. 2015) as backbone."""

from typing import Any

import keras
from keras import ops

from models.parts.backbone import make_backbone
from models.parts.heads import HEAD_OPTIONS, tag_image
from models.settings import ModelSettings

CHANNELS = 3
PUBLISHED = "imagenet"
VARIABLE_LENGTH = False
OPTIONS = HEAD_OPTIONS


@keras.saving.register_keras_serializable(package="models")
class CaffePreprocessing(keras.layers.Layer):
    """RGB 0..255 -> BGR minus ImageNet's mean colour: what `keras.applications.resnet50` was trained on."""

    def call(self, image: Any) -> Any:
        mean_bgr = ops.convert_to_tensor([103.939, 116.779, 123.68], dtype=image.dtype)
        return ops.flip(image, axis=-1) - mean_bgr


def build(settings: ModelSettings, image_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Images 0..255 (batch, frames, bands, 3) -> logits (batch, n_classes).

    80 classes, dense head: 24,132,816 parameters, 545,104 of them in the head.
    """
    image = keras.Input(image_shape, name="image")
    x = CaffePreprocessing(name="to_imagenet_range")(image)
    backbone = make_backbone(keras.applications.ResNet50, settings, image_shape)
    return keras.Model(image, tag_image(settings, x, backbone, n_classes), name="resnet50")
