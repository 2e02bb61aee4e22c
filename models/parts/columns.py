"""A network's columns: its features at steps of time, some of which averaged are those of a short stretch of sound."""

import keras
from keras import ops

from models.parts.backbone import BACKBONE
from models.parts.split import head_input
from models.settings import ModelError, ModelSettings


def split_in_columns(network: keras.Model, settings: ModelSettings) -> tuple[keras.Model, keras.Model]:
    """(image -> columns (batch, steps, channels), features (batch, channels) -> logits); both share its layers.

    The mean of all columns is what the head takes of the whole image, so that the head fits the mean of any of them.

    Args:
        network: from `build_network`, or a copy with folded normalization.
        settings: of the network.

    Raises:
        ModelError: the network does more with its feature map than to average it.
    """
    own = {"head": (None, "dense", "published"), "pool": (None, "mean"), "patch_frames": (None,)}
    for key, fitting in own.items():
        if (value := getattr(settings, key)) not in fitting:
            raise ModelError(
                f"expected a network whose head takes the mean of its features, received model.{key}={value}"
            )
    names = [operation.name for operation in network.operations]
    image_map = network.operations[names.index(BACKBONE) + 1].input  # (batch, steps, bands, channels)
    columns = keras.Model(network.input, ops.mean(image_map, axis=2), name="columns")
    return columns, keras.Model(head_input(network), network.output, name="head")
