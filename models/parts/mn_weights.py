"""The published weights of the network `mn`: which files there are, and how their tensors go into its layers."""

import re
import zipfile
from pathlib import Path

import keras
import numpy as np
from keras import layers

from models.parts.torch_file import read_tensors
from models.parts.weight_files import downloaded, load_weights
from models.settings import ModelError, ModelSettings

URL = "https://github.com/fschmid56/EfficientAT/releases/download/v0.0.1/"
FILES = {
    0.1: "mn01_as_mAP_298.pt",
    0.2: "mn02_as_mAP_378.pt",
    0.4: "mn04_as_mAP_432.pt",
    0.5: "mn05_as_mAP_443.pt",
    1.0: "mn10_as_mAP_471.pt",
    2.0: "mn20_as_mAP_478.pt",
    3.0: "mn30_as_mAP_482.pt",
    4.0: "mn40_as_mAP_484.pt",
}
SHA256 = {0.4: "899a8c6217063f6941793102a2780b3dd788ab11fce468d9cf5f0577c453321c"}
# Weights in Keras: what the names of their tensors end with.
_TENSORS = {
    "kernel": ".weight",
    "bias": ".bias",
    "gamma": ".weight",
    "beta": ".bias",
    "moving_mean": ".running_mean",
    "moving_variance": ".running_var",
}


def load_published(whole: keras.Model, settings: ModelSettings, width: float) -> None:
    """Load AudioSet's weights, from the web or a file, if the settings name any.

    Args:
        whole: from `make_mn`.
        settings: `weights`, and the hash of a download.
        width: of the network.

    Raises:
        ModelError: no such file, no download, or it does not hold the weights of this network.
    """
    if settings.weights == "none":
        return
    path = (
        _fetched(width, settings.weights_sha256) if settings.weights == "audioset" else Path(settings.weights)
    )
    kind = f"mn of width {width:g} with its {whole.output.shape[-1]} classes"
    if path.is_file() and zipfile.is_zipfile(path):  # reading a named pipe would block for ever
        _fill(whole, read_tensors(path), f"model.weights: {path} does not hold the weights of {kind}")
    else:
        load_weights(whole, path, kind)


def _fetched(width: float, sha256: str | None) -> Path:
    if width not in FILES:
        raise ModelError(
            f"model.weights: audioset has mn of model.width {', '.join(f'{w:g}' for w in FILES)}, received {width:g}"
        )
    return downloaded(URL + FILES[width], sha256 or SHA256.get(width))


def _fill(whole: keras.Model, tensors: dict[str, np.ndarray], otherwise: str) -> None:
    """Give the network its tensors, which come in the order of its layers.

    Raises:
        ModelError: with the message `otherwise`: other tensors than those of the network, or in another order.
    """
    stored = [(name, tensor) for name, tensor in tensors.items() if not name.endswith("num_batches_tracked")]
    variables = [(layer, variable) for layer in whole.layers for variable in layer.weights]
    if len(stored) != len(variables):
        raise ModelError(f"{otherwise} (it has {len(stored)} tensors instead of {len(variables)})")
    for (layer, variable), (name, tensor) in zip(variables, stored, strict=True):
        block, value = re.match(r"block(\d+)_", layer.name), _as_keras(layer, tensor)
        begin, end = f"features.{block[1]}." if block else "classifier.", _TENSORS[variable.name]
        if not (name.startswith(begin) and name.endswith(end) and value.shape == variable.shape):
            raise ModelError(
                f"{otherwise} ({name!r:.100} {tensor.shape} stands in the place of {variable.path})"
            )
        variable.assign(value)


def _as_keras(layer: layers.Layer, tensor: np.ndarray) -> np.ndarray:
    """A PyTorch tensor for images (frequency, time) in Keras's order for images (time, frequency)."""
    if isinstance(layer, layers.DepthwiseConv2D) and tensor.ndim == 4:
        return tensor.transpose(3, 2, 0, 1)
    return tensor.T  # of a convolution: (time, frequency, channels in, channels out)
