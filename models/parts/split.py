"""A network with a frozen backbone in two parts: what never changes while its head learns, and the head."""

import keras
from keras import layers

from models.parts.backbone import BACKBONE
from models.parts.blocks import EMBEDDING
from models.settings import ModelError


def split_at_head(network: keras.Model) -> tuple[keras.Model, keras.Model]:
    """(image -> features, features -> logits); both share the layers of the network.

    Features are what enters the first layer behind the backbone that has weights or drops values: pooling that
    learns nothing belongs to the first part.

    Args:
        network: from `build_network`.

    Raises:
        ModelError: it has no pretrained backbone, or layers before its head that learn.
    """
    if BACKBONE not in [layer.name for layer in network.layers]:
        raise ModelError(
            "expected a network with a pretrained backbone for stages.NAME.views; leave views null, or choose another "
            "model.name"
        )
    ends = head_input(network)
    frozen = keras.Model(network.input, ends, name="frozen")
    if frozen.trainable_weights:
        raise ModelError(
            "expected no layers that learn in front of the head for stages.NAME.views, received "
            f"{frozen.trainable_weights[0].path}; leave views null"
        )
    return frozen, keras.Model(ends, network.output, name="head")


def head_input(network: keras.Model) -> keras.KerasTensor:
    """What the first layer behind the backbone that learns or drops takes.

    An embedding, where there is one, as that layer may have other uses.
    """
    names = [layer.name for layer in network.layers]
    for layer in network.layers[names.index(BACKBONE) + 1 :]:
        if layer.name == EMBEDDING and not layer.weights:
            return layer.output
        if layer.weights or isinstance(layer, layers.Dropout):
            return layer.input
    raise AssertionError("every head has a dense layer")
