"""Batch normalization folded into the convolutions before it: the same network for inference, in less time."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import layers


def folded(network: keras.Model) -> keras.Model:
    """A copy for inference in which convolutions do the work of the batch normalizations behind them.

    In inference, batch normalization is a factor and an offset per channel: the factor goes into the kernel, and the
    offset becomes the bias. This is done, in nested functional models too, where the output of a Conv2D or
    DepthwiseConv2D without activation goes to one normalization of its channels and nowhere else. Outputs differ by
    rounding only, and layers keep their names.

    Args:
        network: a functional model; it stays as it is.
    """
    norms = _foldable(network)
    convolutions = {convolution: norm for norm, convolution in norms.items()}

    def clone(layer: keras.Layer) -> keras.Layer:
        if _is_graph(layer):
            return folded(layer)
        bias = {"use_bias": True} if layer.name in convolutions else {}
        copied = type(layer).from_config({**layer.get_config(), **bias})
        copied.name = layer.name  # which a config without it loses
        return copied

    def call(layer: keras.Layer, *args: Any, **options: Any) -> Any:
        return args[0] if layer.name in norms else layer(*args, **options)

    copy = keras.models.clone_model(network, clone_function=clone, call_function=call)
    for layer in network.layers:
        if layer.name in convolutions:
            weights = _joined(layer, network.get_layer(convolutions[layer.name]))
            copy.get_layer(layer.name).set_weights(weights)
        elif layer.weights and layer.name not in norms and not _is_graph(layer):
            copy.get_layer(layer.name).set_weights(layer.get_weights())
    return copy


def _is_graph(layer: keras.Layer) -> bool:
    """Whether a layer is a functional model, whose layers can be told apart; others are copied whole."""
    parts = layer.get_config().get("layers", []) if isinstance(layer, keras.Model) else []
    return len(parts) > 0 and all("inbound_nodes" in part for part in parts)


def _foldable(network: keras.Model) -> dict[str, str]:
    """Names of the normalizations to fold, each with that of its convolution."""
    config = network.get_config()
    by_name = {layer.name: layer for layer in network.layers}
    called_once = {layer["name"] for layer in config["layers"] if len(layer["inbound_nodes"]) == 1}
    found = {}
    for name, users in _users(config).items():
        layer, user = by_name.get(name), by_name.get(users[0])
        if len(users) == 1 and users[0] in called_once and _fit(layer, user):
            found[users[0]] = name
    return found


def _fit(layer: keras.Layer | None, norm: keras.Layer | None) -> bool:
    """Whether these are a convolution without activation, and a normalization of its channels.

    In half precision, the kernel would lose digits by the factor.
    """
    if not isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D) or layer.compute_dtype != "float32":
        return False
    if not isinstance(norm, layers.BatchNormalization) or norm.axis not in (-1, 3):
        return False
    return layer.activation is keras.activations.linear and layer.data_format == "channels_last"


def _users(config: dict[str, Any]) -> dict[str, list[str]]:
    """The layers that take the output of each layer, by name, once for each use; "" where it leaves the network."""
    users: dict[str, list[str]] = {}
    for layer in config["layers"]:
        for name in _tensors(layer["inbound_nodes"]):
            users.setdefault(name, []).append(layer["name"])
    for name in keras.tree.flatten(config["output_layers"]):
        users.setdefault(str(name), []).append("")
    return users


def _tensors(part: Any) -> Iterator[str]:
    """The layers whose outputs occur in a part of a config."""
    if isinstance(part, dict) and part.get("class_name") == "__keras_tensor__":
        yield part["config"]["keras_history"][0]
    elif isinstance(part, dict | list | tuple):
        for each in part.values() if isinstance(part, dict) else part:
            yield from _tensors(each)


def _joined(convolution: keras.Layer, norm: layers.BatchNormalization) -> list[np.ndarray]:
    """Kernel and bias of both in one."""
    kernel, *bias = (np.asarray(weight, np.float64) for weight in convolution.get_weights())
    *scale_and_offset, mean, variance = (np.asarray(weight, np.float64) for weight in norm.get_weights())
    scale = scale_and_offset.pop(0) if norm.scale else 1.0
    offset = scale_and_offset.pop() if norm.center else 0.0
    factor = scale / np.sqrt(variance + norm.epsilon)
    # The channels of a depthwise kernel are its last two axes.
    channels = kernel.shape[2:] if isinstance(convolution, layers.DepthwiseConv2D) else (-1,)
    return [kernel * factor.reshape(channels), (sum(bias) - mean) * factor + offset]
