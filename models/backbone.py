"""Pretrained networks of keras.applications without their tops: their weights, and which of their blocks train."""

import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import keras

from models.settings import ModelSettings

SMALLEST = 32  # side of an image that networks of keras.applications accept


class ModelError(ValueError):
    """A network that cannot be built as asked; the message is one line for the user."""


def make_backbone(
    application: Callable, settings: ModelSettings, image_shape: tuple[int, int, int]
) -> keras.Model:
    """The application without its top, as a model called `backbone`, its weights loaded as the settings say."""
    if min(image_shape[:2]) < SMALLEST:
        raise ModelError(
            f"expected images of at least {SMALLEST} frames and {SMALLEST} bands for model.name={settings.name}, "
            f"received {image_shape[0]} and {image_shape[1]}; lengthen window.window_s or raise frontend.n_mels"
        )
    if settings.weights == "imagenet":
        return _downloaded(application, image_shape)
    backbone = application(include_top=False, weights=None, input_shape=image_shape, name="backbone")
    if settings.weights != "none":
        _load_file(backbone, Path(settings.weights))
    return backbone


def _downloaded(application: Callable, image_shape: tuple[int, int, int]) -> keras.Model:
    with warnings.catch_warnings():
        # MobileNetV2 warns that it takes the weights of 224 x 224 pictures for other sizes: wanted here.
        warnings.filterwarnings("ignore", message=".*input_shape.*")
        try:
            return application(
                include_top=False, weights="imagenet", input_shape=image_shape, name="backbone"
            )
        except Exception as error:  # Keras turns every failed download into a bare Exception
            if "URL fetch failure" not in str(error):
                raise
            raise ModelError(
                "model.weights=imagenet: the download failed (no network?). Fetch the file named "
                f"{_file_name(error)} elsewhere and give its path as model.weights=PATH, "
                "or train from random weights with model.weights=none"
            ) from error


def _file_name(error: Exception) -> str:
    words = [word for word in str(error).split() if word.endswith(".h5:") or word.endswith(".h5")]
    return words[0].rstrip(":").rsplit("/", 1)[-1] if words else "that Keras names"


def _load_file(backbone: keras.Model, path: Path) -> None:
    if not path.is_file():
        raise ModelError(
            f"model.weights: expected imagenet, none or the path of a weights file, received {path}: no such file"
        )
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "error", message="Skipping"
            )  # layers left at random would pass for pretrained
            backbone.load_weights(path)
    except (ValueError, OSError, KeyError, TypeError, UserWarning) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"model.weights: {path} does not hold the weights of this network without its top ({reason})"
        ) from error


def set_trainable(network: keras.Model, trainable: Sequence[str], settings: ModelSettings) -> None:
    """Choose what learns.

    Args:
        network: from `build_network`. One without a backbone trains whole, whatever `trainable` says.
        trainable: `all`, or any of `head` and the backbone's block names, e.g. `["head", "conv4"]`. A block is a
            layer's name up to an underscore: `conv4` stands for `conv4_block1_1_conv` and all its like.
        settings: `freeze_batch_norm` keeps batch normalisation of a pretrained backbone as it is.

    Raises:
        ModelError: a name that is no block of the backbone, or nothing named.
    """
    network.trainable = True
    backbones = [layer for layer in network.layers if layer.name == "backbone"]
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
        known = dict.fromkeys(re.sub(r"^([A-Za-z]*_?\d*).*", r"\1", name) for name in names)
        raise ModelError(
            f"trainable: expected all, head or blocks of the backbone, received {list(trainable)}; "
            f"its layers begin with {', '.join(known)}"
        )
