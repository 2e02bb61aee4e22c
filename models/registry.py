"""Networks by name."""

import keras

from models import mobilenet_v2, resnet50, simple_cnn, vgg_cnn, yamnet
from models.settings import ModelError, ModelSettings

NETWORKS = {
    "simple_cnn": simple_cnn,
    "vgg_cnn": vgg_cnn,
    "mobilenet_v2": mobilenet_v2,
    "resnet50": resnet50,
    "yamnet": yamnet,
}


def expected_channels(settings: ModelSettings) -> int:
    """Channels of the images that this network takes."""
    if settings.name not in NETWORKS:
        raise ModelError(f"expected model.name out of {sorted(NETWORKS)}, received {settings.name!r}")
    return NETWORKS[settings.name].CHANNELS


def build_network(settings: ModelSettings, image_shape: tuple[int, int, int], n_classes: int) -> keras.Model:
    """Images of the front end (batch, frames, bands, channels) -> logits (batch, n_classes).

    Raises:
        ModelError: settings that this network does not take, or images too small for it.
    """
    expected_channels(settings)
    _check(settings, NETWORKS[settings.name].PUBLISHED)
    return NETWORKS[settings.name].build(settings, image_shape, n_classes)


def _check(settings: ModelSettings, published: str | None) -> None:
    """Refuse settings that would do nothing in this network."""
    name, weights = settings.name, settings.weights
    if published is None and weights != "none":
        raise ModelError(
            f"model.weights: {name} has no pretrained weights, expected none, received {weights!r}"
        )
    if weights in {network.PUBLISHED for network in NETWORKS.values()} - {published}:
        raise ModelError(
            f"model.weights: expected none, {published} or a path for {name}, received {weights}"
        )
    if settings.weights_sha256 and weights != "audioset":
        raise ModelError(
            "model.weights_sha256 is checked when audioset weights are downloaded; leave it null"
        )
    if settings.filters and name != "vgg_cnn":
        raise ModelError(f"model.filters is of vgg_cnn and does nothing in {name}; leave it null")
