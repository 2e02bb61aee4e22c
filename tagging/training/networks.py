"""The network of a stage: built, given its first weights, told what trains."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from models.backbone import set_trainable
from models.registry import build_network, expected_channels
from tagging.config import Config
from tagging.frontend.registry import build_frontend
from tagging.metrics import LWLRAP
from tagging.runs import Run, RunError
from tagging.training.losses import build_loss
from tagging.training.settings import StageSettings

NETWORK = "network"


def build_stage_frontend(config: Config) -> keras.Layer:
    """The front end of the config: window -> image with the channels that its network expects."""
    return build_frontend(config.frontend, config.cleaning.rate_hz, expected_channels(config.model))


def build_tagger(
    config: Config, n_classes: int, start: Run | None
) -> tuple[keras.Model, keras.Layer, keras.Model]:
    """(tagger: waveform -> logits, its front end, its network: image -> logits), sharing their weights.

    The network has the weights of the run `start`, or those that `config.model` names.
    """
    frontend = build_stage_frontend(config)
    waveform = keras.Input((config.window.window_samples(config.cleaning.rate_hz),), name="waveform")
    image = frontend(waveform)
    # The run's weights take the place of those that the config names.
    model = replace(config.model, weights="none", weights_sha256=None) if start else config.model
    network = build_network(model, image.shape[1:], n_classes)
    network.name = NETWORK
    if start:
        _load_weights(network, start)
    return keras.Model(waveform, network(image), name="tagger"), frontend, network


def _load_weights(network: keras.Model, run: Run) -> None:
    weights = run.load_model().get_layer(NETWORK).get_weights()
    if [w.shape for w in weights] != [w.shape for w in network.get_weights()]:
        raise RunError(f"the weights of {run.path} do not fit this network; train with init: none")
    network.set_weights(weights)


def compiled_trainer(
    network: keras.Model, config: Config, settings: StageSettings, n_classes: int
) -> keras.Model:
    """A model of the same layers with loss, metric and optimiser; the network itself stays free of them when saved.

    The loss of the settings, LWLRAP (without weights of clips), and the average of weights. What trains is chosen here.
    """
    set_trainable(network, settings.trainable, config.model)
    options: dict[str, Any] = {"learning_rate": settings.learning_rate}
    if settings.optimizer == "sgd":
        options["momentum"] = 0.9
    if settings.ema_momentum:
        options |= {"use_ema": True, "ema_momentum": settings.ema_momentum}
    trainer = keras.Model(network.input, network.output, name="trainer")
    trainer.compile(
        optimizer=keras.optimizers.get({"class_name": settings.optimizer, "config": options}),
        loss=build_loss(settings.loss),
        metrics=[LWLRAP(n_classes)],
        jit_compile=uses_xla(settings),
    )
    return trainer


def uses_xla(settings: StageSettings) -> bool:
    """`auto` is on with a GPU; on a CPU XLA is several times slower for these networks."""
    if settings.jit_compile == "auto":
        return bool(tf.config.list_physical_devices("GPU"))
    return settings.jit_compile == "on"


def count_parameters(network: keras.Model) -> dict[str, int]:
    """Parameters in all, and those that train."""
    trainable = sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)
    return {"parameters": network.count_params(), "trainable_parameters": trainable}
