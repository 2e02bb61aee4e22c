"""The network of a stage: built, given its first weights, told what trains."""

from dataclasses import replace

import keras
import numpy as np

from models.parts.backbone import set_trainable
from models.registry import build_network, expected_channels
from models.settings import ModelError
from tagging.augment.settings import AugmentSettings
from tagging.config.load import Config
from tagging.config.stage import StageSettings
from tagging.evaluation.keras_metrics import LWLRAP
from tagging.evaluation.task_kinds import TaskKind
from tagging.frontend.registry import build_frontend, build_stored_frontend
from tagging.frontend.standardize import band_statistics, standardize_of
from tagging.pipeline.batches import TrainingBatches
from tagging.pipeline.pieces import FeatureSequences, Pieces
from tagging.runs.run import Run, RunError
from tagging.training.losses import build_loss
from tagging.training.optimizers import build_optimizer, uses_xla
from tagging.training.regularisation import PenalisedModel, penalty_of

NETWORK = "network"
_MEASURED_CLIPS = 2000  # enough for means of bands; a look at all clips of a large set would take minutes


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
            f"model.name={config.model.name} takes images of {channels} channels, features of cleaning.features "
            "have one; choose a network from scratch"
        )
    return build_stored_frontend(config.frontend, pieces.bands)


def build_tagger(
    config: Config, pieces: Pieces, n_classes: int, start: Run | None
) -> tuple[keras.Model, keras.Layer, keras.Model]:
    """(tagger: input -> logits, its front end, its network: image -> logits), sharing their weights.

    The network has the weights of the run `start`, or those that `config.model` names.
    """
    frontend = build_stage_frontend(config, pieces)
    inputs = keras.Input(pieces.input_shape, name="waveform" if pieces.is_audio else "features")
    image = frontend(inputs)
    # The run's weights take the place of those that the config names.
    model = replace(config.model, weights="none", weights_sha256=None) if start else config.model
    network = build_network(model, image.shape[1:], n_classes)
    network.name = NETWORK
    if start:
        trained = start.load_model()
        for layer in (frontend, network):
            _load_weights(layer, trained.get_layer(layer.name), start)
    return keras.Model(inputs, network(image), name="tagger"), frontend, network


def _load_weights(layer: keras.Layer, trained: keras.Layer, run: Run) -> None:
    weights = trained.get_weights()
    if [w.shape for w in weights] != [w.shape for w in layer.get_weights()]:
        raise RunError(f"the weights of {run.path} do not fit this {layer.name}; train with init: none")
    layer.set_weights(weights)


def measure_bands(frontend: keras.Layer, batches: TrainingBatches) -> None:
    """Give the front end the mean and deviation of each band of some plain training images, if it standardises."""
    standardize = standardize_of(frontend)
    if standardize is None:
        return
    plain = replace(batches, augment=AugmentSettings(), weights=None)
    images = plain.dataset(0, 1).take(-(-_MEASURED_CLIPS // plain.batch_size))
    standardize.set_statistics(*band_statistics(batch.numpy() for batch, _ in images))


def compiled_trainer(
    network: keras.Model, config: Config, settings: StageSettings, kind: TaskKind, n_classes: int
) -> keras.Model:
    """A model of the same layers with loss, metric and optimiser; the network itself stays free of them when saved.

    The loss of the settings with the penalties on weights, the metric of the task (without weights of clips), and the
    average of weights. What trains is chosen here.
    """
    set_trainable(network, settings.trainable, config.model)
    penalty, ends = penalty_of(settings), (network.input, network.output)
    trainer = PenalisedModel(*ends, penalty, "trainer") if penalty else keras.Model(*ends, name="trainer")
    trainer.compile(
        optimizer=build_optimizer(settings),
        loss=build_loss(settings.loss, kind.name),
        metrics=[_metric(kind, n_classes)],
        jit_compile=uses_xla(settings, network),
    )
    return trainer


def _metric(kind: TaskKind, n_classes: int) -> keras.metrics.Metric:
    if kind.metric == "accuracy":
        return keras.metrics.CategoricalAccuracy(name="accuracy")
    return keras.metrics.MeanSquaredError(name="mse") if kind.metric == "mse" else LWLRAP(n_classes)


def count_parameters(network: keras.Model) -> dict[str, int]:
    """Parameters in all, and those that train."""
    trainable = sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)
    return {"parameters": network.count_params(), "trainable_parameters": trainable}
