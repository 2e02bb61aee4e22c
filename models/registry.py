"""Networks by name."""

import keras

from models import mobilenet_v2, resnet50, simple_cnn
from models.backbone import ModelError
from models.settings import ModelSettings

NETWORKS = {"simple_cnn": simple_cnn, "mobilenet_v2": mobilenet_v2, "resnet50": resnet50}


def expected_channels(settings: ModelSettings) -> int:
    """Channels of the images that this network takes."""
    if settings.name not in NETWORKS:
        raise ModelError(f"expected model.name out of {sorted(NETWORKS)}, received {settings.name!r}")
    return NETWORKS[settings.name].CHANNELS


def build_network(settings: ModelSettings, image_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Images 0..255 (batch, frames, bands, channels) -> logits (batch, n_classes)."""
    expected_channels(settings)
    if settings.name == "simple_cnn" and settings.weights != "none":
        raise ModelError(
            f"model.weights: simple_cnn has no pretrained weights, expected none, received {settings.weights!r}"
        )
    return NETWORKS[settings.name].build(settings, image_shape, n_classes)
