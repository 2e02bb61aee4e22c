"""Pretrained networks of keras.applications without their tops: their weights, and which of their blocks train."""

import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import keras

from models.parts.weight_files import download_errors, load_weights
from models.settings import ModelError, ModelSettings

BACKBONE = "backbone"  # the layer that is the pretrained part of a network
SMALLEST = 32  # side of an image that networks of keras.applications accept


def make_backbone(
    application: Callable, settings: ModelSettings, image_shape: tuple[int, int, int]
) -> keras.Model:
    """The application without its top, as a model called `backbone`, its weights loaded as the settings say.

    It takes whole images, or patches where the settings cut them.
    """
    shape = (settings.patch_frames or image_shape[0], *image_shape[1:])
    if min(shape[:2]) < SMALLEST:
        raise ModelError(
            f"expected images (or patches) of at least {SMALLEST} frames and {SMALLEST} bands for "
            f"model.name={settings.name}, received {shape[0]} and {shape[1]}; "
            "lengthen window.window_s (or model.patch_frames) or raise frontend.n_mels"
        )
    if settings.weights == "imagenet":
        return _downloaded(application, shape)
    backbone = application(include_top=False, weights=None, input_shape=shape, name=BACKBONE)
    if settings.weights != "none":
        load_weights(backbone, Path(settings.weights), f"{settings.name} without its top")
    return backbone


def _downloaded(application: Callable, shape: tuple[int, int, int]) -> keras.Model:
    with warnings.catch_warnings(), download_errors():
        # MobileNetV2 warns that it takes the weights of 224 x 224 images for other sizes: wanted here.
        warnings.filterwarnings("ignore", message=".*input_shape.*")
        return application(include_top=False, weights="imagenet", input_shape=shape, name=BACKBONE)


def set_trainable(network: keras.Model, trainable: Sequence[str], settings: ModelSettings) -> None:
    """Choose what learns.

    Args:
        network: from `build_network`. One without a backbone trains whole, whatever `trainable` says.
        trainable: `all`, or any of `head` and the backbone's block names, e.g. `["head", "conv4"]`. A block is a
            layer's name up to an underscore: `conv4` stands for `conv4_block1_1_conv` and all its like,
            `layer13` for that block of yamnet.
        settings: `freeze_batch_norm` keeps batch normalisation of a pretrained backbone as it is.

    Raises:
        ModelError: a name that is no block of the backbone, or nothing named.
    """
    network.trainable = True
    backbones = [layer for layer in network.layers if layer.name == BACKBONE]
    if not backbones:
        return
    _check_names(backbones[0], trainable)
    for layer in network.layers:
        if layer is not backbones[0]:
            layer.trainable = "all" in trainable or "head" in trainable
    fixed_norm = settings.freeze_batch_norm and settings.weights != "none"
    for layer in backbones[0].layers:
        is_norm = isinstance(layer, keras.layers.BatchNormalization)
        chosen = "all" in trainable or any(_is_in_block(layer.name, block) for block in trainable)
        layer.trainable = chosen and not (fixed_norm and is_norm)


def depths_of(network: keras.Model, variables: Sequence[keras.Variable]) -> list[int]:
    """How deep each variable lies: 1 in the last block of the backbone, 2 in the one before it; 0 outside of it.

    Args:
        network: from `build_network`.
        variables: of it.
    """
    layers = [
        part for layer in network.layers if layer.name == BACKBONE for part in layer.layers if part.weights
    ]
    blocks = list(dict.fromkeys(_block_of(layer.name) for layer in layers))
    depths = {
        id(variable): len(blocks) - blocks.index(_block_of(layer.name))
        for layer in layers
        for variable in layer.weights
    }
    return [depths.get(id(variable), 0) for variable in variables]


def _block_of(layer: str) -> str:
    return re.sub(r"^([A-Za-z]*_?\d*).*", r"\1", layer)


def _is_in_block(layer: str, block: str) -> bool:
    return layer == block or layer.startswith(block + "_")


def _check_names(backbone: keras.Model, trainable: Sequence[str]) -> None:
    names = [layer.name for layer in backbone.layers]
    unknown = [
        block
        for block in trainable
        if block not in ("all", "head") and not any(_is_in_block(name, block) for name in names)
    ]
    if unknown or not trainable:
        known = dict.fromkeys(_block_of(name) for name in names)
        raise ModelError(
            f"trainable: expected all, head or blocks of the backbone, received {list(trainable)}; "
            f"its layers begin with {', '.join(known)}"
        )
