"""The network of a stage: built, given its first weights, told what trains."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from models.backbone import set_trainable
from models.registry import build_network, expected_channels
from tagging.config import Config
from tagging.frontend.registry import build_frontend
from tagging.metrics import LWLRAP
from tagging.runs import Run, RunError, read_run
from tagging.training.settings import StageSettings

NETWORK = "network"


def build_tagger(config: Config, n_classes: int) -> tuple[keras.Model, keras.Layer, keras.Model]:
    """(tagger: waveform -> logits, its front end, its network: image -> logits), sharing their weights."""
    length = config.window.window_samples(config.cleaning.rate_hz)
    frontend = build_frontend(config.frontend, config.cleaning.rate_hz, expected_channels(config.model))
    waveform = keras.Input((length,), name="waveform")
    image = frontend(waveform)
    network = build_network(config.model, image.shape[1:], n_classes)
    network.name = NETWORK
    return keras.Model(waveform, network(image), name="tagger"), frontend, network


def initial_run(config: Config, stage: str) -> Run | None:
    """The run whose weights this stage starts from; None: it starts from `model.weights`."""
    init, names = config.stage(stage).init, list(config.stages)
    if init == "none":
        return None
    path = Path(config.run_dir) / names[names.index(stage) - 1] if init == "previous" else Path(init)
    try:
        return read_run(path)
    except RunError as error:
        raise RunError(f"stages.{stage}.init={init}: {error}") from error


def load_weights(network: keras.Model, run: Run, classes: tuple[str, ...]) -> None:
    """Give the network the weights of a finished run of the same classes and shapes."""
    if run.classes != classes:
        raise RunError(
            f"expected the {len(classes)} classes of this data set in {run.path}, received other ones"
        )
    weights = run.load_model().get_layer(NETWORK).get_weights()
    if [w.shape for w in weights] != [w.shape for w in network.get_weights()]:
        raise RunError(
            f"weights of {run.path} (model.name={run.config.model.name}) do not fit this network; "
            "train with the same model.* and frontend.* settings, or with init: none"
        )
    network.set_weights(weights)


def compiled_trainer(
    network: keras.Model, config: Config, settings: StageSettings, n_classes: int
) -> keras.Model:
    """A model of the same layers with loss, metric and optimiser; the network itself stays free of them when saved.

    Binary cross-entropy on logits, LWLRAP beside it. What trains is chosen here.
    """
    set_trainable(network, settings.trainable, config.model)
    options: dict[str, Any] = {"learning_rate": settings.learning_rate}
    if settings.optimizer == "sgd":
        options["momentum"] = 0.9
    trainer = keras.Model(network.input, network.output, name="trainer")
    trainer.compile(
        optimizer=keras.optimizers.get({"class_name": settings.optimizer, "config": options}),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
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
