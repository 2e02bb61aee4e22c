"""A run's model with its front end, built and given its weights."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import keras

from models.registry import build_network, expected_channels
from models.settings import ModelError
from tagging.config.schema import Config
from tagging.frontend.registry import build_frontend, build_stored_frontend
from tagging.inference.transfer import transfer, transfer_source
from tagging.inference.windows import inference_step
from tagging.pipeline.pieces import FeatureSequences, Pieces
from tagging.runs.run import Run, RunError

NETWORK = "network"


def build_stage_frontend(config: Config, pieces: Pieces) -> keras.Layer:
    """The front end of the config: inputs as `pieces` makes them -> images with the channels that the network expects.

    Raises:
        FrontendError, ModelError: they do not fit each other.
    """
    channels = expected_channels(config.model)
    if not isinstance(pieces, FeatureSequences):
        return build_frontend(config.frontend, config.cleaning.rate_hz, channels)
    if channels != 1:
        raise ModelError(
            f"model.name={config.model.name} takes images of {channels} channels, features of "
            "cleaning.features have one; choose a network without pretrained weights"
        )
    return build_stored_frontend(config.frontend, pieces.bands)


@dataclass(frozen=True)
class TaggerModel:
    """A model in its parts, which share their weights.

    Attributes:
        whole: input (waveform or features) -> logits.
        frontend: input -> image.
        network: image -> logits.
        is_measured: whether the front end has its statistics, from another run.
        taken_layers, new_layers: names of the network's layers that have the weights of a run in `model.weights`, and
            of those that it had none for; empty without such a run.
    """

    whole: keras.Model
    frontend: keras.Layer
    network: keras.Model
    is_measured: bool = False
    taken_layers: tuple[str, ...] = ()
    new_layers: tuple[str, ...] = ()

    @cached_property
    def step(self) -> Callable:
        """The whole as one compiled function, traced once."""
        return inference_step(self.whole)


def build_tagger(config: Config, pieces: Pieces, n_classes: int, start: Run | None) -> TaggerModel:
    """The model of a config.

    The network has the weights of the run `start`, or those that `config.model` names: of a file, published ones, or
    the layers of another run.
    """
    source = None if start else transfer_source(config)
    frontend = build_stage_frontend(config, pieces)
    inputs = keras.Input(pieces.input_shape, name="waveform" if pieces.is_audio else "features")
    image = frontend(inputs)
    # The run's weights take the place of those that the config names.
    is_measured = bool(start or source)
    model = replace(config.model, weights="none", weights_sha256=None) if is_measured else config.model
    network = build_network(model, image.shape[1:], n_classes)
    network.name = NETWORK
    transferred: tuple[tuple[str, ...], ...] = ()
    if start:
        trained = start.load_model()
        for layer in (frontend, network):
            _load_weights(layer, trained.get_layer(layer.name), start)
    elif source:
        transferred = transfer(source, frontend, network, source.load_model())
    whole = keras.Model(inputs, network(image), name="tagger")
    return TaggerModel(whole, frontend, network, is_measured, *transferred)


def _load_weights(layer: keras.Layer, trained: keras.Layer, run: Run) -> None:
    weights = trained.get_weights()
    if [w.shape for w in weights] != [w.shape for w in layer.get_weights()]:
        raise RunError(f"the weights of {run.path} do not fit this {layer.name}; train with init: none")
    layer.set_weights(weights)
