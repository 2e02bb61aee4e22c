"""Runs that see the same images of a clip: these are made once for all of them."""

from collections.abc import Callable, Hashable, Sequence

import keras
import tensorflow as tf
from keras import ops

from tagging.config.schema import Config
from tagging.inference.build import NETWORK
from tagging.inference.compiled import compiled
from tagging.inference.windows import inference_step
from tagging.pipeline.pieces import Pieces


def sees(config: Config, pieces: Pieces, frontend: keras.Layer, network: keras.Model) -> Hashable:
    """Equal for runs that see the same images of a clip.

    Args:
        config: of the run.
        pieces: how clips are cut for it.
        frontend, network: its model in its parts; the front end may have measured the training clips.
    """
    measured = tuple(each.tobytes() for each in frontend.get_weights())
    return config.cleaning, pieces, config.frontend, network.input.shape, measured


def groups_by(keys: Sequence[Hashable]) -> list[list[int]]:
    """The numbers of the keys, those of equal ones together."""
    groups: dict[Hashable, list[int]] = {}
    for number, key in enumerate(keys):
        groups.setdefault(key, []).append(number)
    return list(groups.values())


def joint_step(models: Sequence[keras.Model]) -> Callable:
    """Inputs (batch, ...) -> logits (batch, models x classes) of models that see the same images, one after the other.

    Networks run one at a time, so that they need no more memory than a single one.
    """
    if len(models) == 1:
        return inference_step(models[0])
    frontend = models[0].get_layer("frontend")
    to_images = compiled(frontend, frontend.variables)
    networks = [inference_step(model.get_layer(NETWORK)) for model in models]

    def step(inputs: tf.Tensor) -> tf.Tensor:
        images = to_images(inputs)
        return ops.concatenate([network(images) for network in networks], axis=1)

    return step
