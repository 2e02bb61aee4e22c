"""What stands on a backbone: its feature map becomes a sequence over time, the sequence is pooled into logits."""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops

from models.parts.blocks import hidden_layers, norm
from models.parts.blocks import logits as to_logits
from models.parts.patches import JoinPatches, ToPatches, count_patches
from models.settings import ModelError, ModelSettings

ATTENTION = "head_attention"  # the layer that weighs the steps, each class by weights of its own
POOLS: dict[str, Callable[[Any], Any]] = {
    "mean": lambda x: ops.mean(x, axis=1),
    "max": lambda x: ops.max(x, axis=1),
    "mean_max": lambda x: ops.mean(x, axis=1) + ops.max(x, axis=1),
}
# What a network with such a head takes.
HEAD_OPTIONS = {
    **dict.fromkeys(("units", "patch_frames", "patch_hop_frames"), ()),
    "head": ("dense", "conv"),
    "pool": (*POOLS, "attention"),
}


def tag_image(
    settings: ModelSettings, image: keras.KerasTensor, backbone: Callable, n_classes: int
) -> keras.KerasTensor:
    """Images (batch, frames, bands, channels) -> logits (batch, n_classes), through backbone and head.

    Args:
        settings: head, its kernels, pooling, units, dropout and patches.
        image: what the backbone takes, its frames known.
        backbone: image or patch -> feature map (batch, steps, bands, channels).
        n_classes: number of logits.

    Raises:
        ModelError: the image is shorter than a patch, or one step long under attention.
    """
    if settings.patch_frames is None:
        return _pooled_logits(settings, _sequence(settings, backbone(image)), n_classes)
    frames, patch_frames = image.shape[1], settings.patch_frames
    hop_frames = settings.patch_hop_frames or patch_frames
    if frames < patch_frames:
        raise ModelError(
            f"expected images of at least {patch_frames} frames, the length of a patch, received {frames}; "
            "lengthen window.window_s"
        )
    patches = ToPatches(patch_frames, hop_frames, name="to_patches")(image)
    of_patch = ops.mean(_sequence(settings, backbone(patches)), axis=1)
    sequence = JoinPatches(count_patches(frames, patch_frames, hop_frames), name="join_patches")(of_patch)
    return _pooled_logits(settings, sequence, n_classes)


def _sequence(settings: ModelSettings, features: keras.KerasTensor) -> keras.KerasTensor:
    """Feature map (batch, steps, bands, channels) -> (batch, steps, channels), the mean over bands."""
    if settings.head == "conv":
        features = _conv_blocks(features, settings.kernel_size or 3)
    return ops.mean(features, axis=2)


def _conv_blocks(x: keras.KerasTensor, kernel_size: int) -> keras.KerasTensor:
    """The two blocks of study A's small network: (batch, steps, bands, channels) -> (batch, steps / 4, bands / 4, 64).

    Halves are rounded up ("same"), as the maps of a backbone can be 3 x 3.
    """
    for filters in (32, 64):
        x = norm(name=f"head_norm_{filters}")(x)
        x = layers.Conv2D(
            filters, kernel_size, padding="same", activation="relu", name=f"head_conv_{filters}"
        )(x)
        x = layers.MaxPooling2D(padding="same", name=f"head_pool_{filters}")(x)
    return x


def _pooled_logits(settings: ModelSettings, sequence: keras.KerasTensor, n_classes: int) -> keras.KerasTensor:
    """Sequence (batch, steps, channels) -> logits (batch, n_classes) float32.

    `mean`, `max` and `mean_max` (their sum, Kong et al. 2020, "PANNs", arXiv:1912.10211) pool the features before
    the dense layers. `attention` pools the logits of the steps, each class by weights of its own:
    sum_t softmax_t(a_tc) z_tc (after Kong et al. 2019, arXiv:1903.00765, who pool probabilities); it starts as a mean.
    """
    if settings.pool == "attention":
        if sequence.shape[1] == 1:
            raise ModelError(
                "expected at least 2 steps of time (or patches) for model.pool=attention, received 1; lengthen "
                "window.window_s, cut patches that overlap (model.patch_hop_frames), or set model.pool=mean"
            )
        x = _dense_layers(settings, sequence)
        logits = to_logits(x, n_classes)
        scores = layers.Dense(n_classes, dtype="float32", name=ATTENTION, kernel_initializer="zeros")(x)
        return ops.sum(logits * ops.softmax(scores, axis=1), axis=1)
    x = _dense_layers(settings, POOLS[settings.pool or "mean"](sequence))
    return to_logits(x, n_classes)


def _dense_layers(settings: ModelSettings, x: keras.KerasTensor) -> keras.KerasTensor:
    """ReLU layers with dropout behind each; without any, dropout on the features."""
    if settings.head == "conv":
        x = norm(name="head_norm_average")(x)
    units = settings.units if settings.units is not None else [128 if settings.head == "conv" else 256]
    return hidden_layers(x, units, settings.dropout)
