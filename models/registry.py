"""Networks by name: every file here, but for `settings` and this one, is a network.

A network's module says what the registry has to know: `CHANNELS` of its images, the name of its `PUBLISHED` weights,
whether it takes clips of `VARIABLE_LENGTH`, and in `OPTIONS` the settings that not every network has, with the values
that it takes (`()`: any). `build(settings, image_shape, n_outputs)` makes it. `COLUMN_FRAMES` may say how many frames
of an image make one column of the backbone's feature map, whatever the length of the image.

The contract: images of the front end, 0 to 255 and 0 in silence for `log_mel`, go in as (batch, frames, bands,
CHANNELS); float32 logits (batch, n_outputs) come out; the dense layer that makes them is called `head_logits`, as
embeddings are what enters it (or come out of a layer called `head_embedding`), and the pretrained part of a network
with PUBLISHED weights is one layer called `backbone`, as `trainable` chooses among its blocks.
"""

from dataclasses import fields
from importlib import import_module
from types import ModuleType

import keras

from models.parts.backbone import BACKBONE
from models.parts.blocks import LOGITS
from models.settings import NAMES, ModelError, ModelSettings

_PARTS = ("CHANNELS", "PUBLISHED", "VARIABLE_LENGTH", "OPTIONS", "build")  # what each module has to have


def imported(name: str) -> ModuleType:
    """The module of a network.

    Raises:
        ModelError: it cannot be imported, or lacks what the registry has to know.
    """
    try:
        module = import_module(f"models.{name}")
    except Exception as error:
        raise ModelError(
            f"models/{name}.py cannot be imported: {type(error).__name__}: {' '.join(str(error).split())}"
        ) from error
    if lacking := [part for part in _PARTS if not hasattr(module, part)]:
        raise ModelError(f"models/{name}.py: expected {', '.join(_PARTS)}, received no {lacking[0]}")
    return module


NETWORKS = {name: imported(name) for name in NAMES}
# Null unless a config sets them; `weights_sha256` goes with the weights.
OPTIONAL = [
    part.name for part in fields(ModelSettings) if part.default is None and part.name != "weights_sha256"
]


def expected_channels(settings: ModelSettings) -> int:
    """Channels of the images that this network takes."""
    return NETWORKS[settings.name].CHANNELS


def column_frames(settings: ModelSettings) -> int:
    """Frames of an image for each column of the backbone's feature map.

    Raises:
        ModelError: a network without columns of one length.
    """
    frames = getattr(NETWORKS[settings.name], "COLUMN_FRAMES", None)
    if frames is None:
        having = [name for name, module in NETWORKS.items() if hasattr(module, "COLUMN_FRAMES")]
        raise ModelError(f"expected model.name={' or '.join(having)} for columns, received {settings.name}")
    return frames


def build_network(
    settings: ModelSettings, image_shape: tuple[int | None, int, int], n_outputs: int
) -> keras.Model:
    """Images of the front end (batch, frames, bands, channels) -> logits or values (batch, n_outputs) float32.

    Args:
        settings: of the network.
        image_shape: without the batch; frames None where clips differ in length, frames of NaN being padding.
        n_outputs: number of classes, or of targets.

    Raises:
        ModelError: settings or images that this network does not take, or a network that breaks the contract.
    """
    network = NETWORKS[settings.name]
    _check_weights(settings, network.PUBLISHED)
    _check_options(settings)
    if image_shape[0] is None and not network.VARIABLE_LENGTH:
        takers = [name for name, module in NETWORKS.items() if module.VARIABLE_LENGTH]
        raise ModelError(
            f"expected images of one length for model.name={settings.name}, received sequences of variable length; "
            f"set sequence.fixed=true and sequence.max_steps to the length of a clip, or "
            f"model.name to one of {', '.join(takers)}"
        )
    built = network.build(settings, image_shape, n_outputs)
    _check_contract(settings.name, built, n_outputs)
    return built


def _check_contract(name: str, network: keras.Model, n_outputs: int) -> None:
    """Refuse a network that other parts of the program could not use."""
    if not isinstance(network, keras.Model):
        raise ModelError(
            f"models/{name}.py: expected build to return a keras.Model, received {network!r:.80}"
        )
    layers = [layer.name for layer in network.layers]
    needed = [LOGITS] if NETWORKS[name].PUBLISHED is None else [LOGITS, BACKBONE]
    if lacking := [layer for layer in needed if layer not in layers]:
        raise ModelError(
            f"models/{name}.py: expected a layer called {lacking[0]}, received {', '.join(layers)}"
        )
    shape, dtype = network.output.shape, network.output.dtype
    if (shape, dtype) != ((None, n_outputs), "float32"):
        raise ModelError(
            f"models/{name}.py: expected logits of shape (None, {n_outputs}) in float32, received {shape} in {dtype}"
        )


def _check_weights(settings: ModelSettings, published: str | None) -> None:
    """Refuse weights that are not of this network."""
    name, weights = settings.name, settings.weights
    if published is None and weights != "none":
        raise ModelError(
            f"model.weights: {name} has no pretrained weights, expected none or the folder of a run, received "
            f"{weights!r}"
        )
    if weights in {network.PUBLISHED for network in NETWORKS.values()} - {published}:
        raise ModelError(
            f"model.weights: expected none, {published} or a path for {name}, received {weights}"
        )
    if settings.weights_sha256 and weights != "audioset":
        raise ModelError(
            "model.weights_sha256 is checked when audioset weights are downloaded; leave it null"
        )


def _check_options(settings: ModelSettings) -> None:
    """Refuse settings that would do nothing in this network."""
    name, options = settings.name, NETWORKS[settings.name].OPTIONS
    for key in (key for key in OPTIONAL if getattr(settings, key) is not None):
        if key not in options:
            takers = ", ".join(n for n, network in NETWORKS.items() if key in network.OPTIONS)
            do = "do" if "," in takers else "does"
            raise ModelError(f"{name} does not use model.{key} ({takers} {do}); leave it out")
        value = getattr(settings, key)
        if options[key] and value not in options[key]:
            raise ModelError(
                f"expected model.{key} out of {', '.join(options[key])} for {name}, received {value}"
            )
