"""A network with its loss, metrics and optimiser, and what of it trains."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from keras import ops

from models.parts.backbone import depths_of
from tagging.augment.settings import AugmentSettings
from tagging.config.stage import StageSettings
from tagging.evaluation.task_kinds import TaskKind
from tagging.frontend.parts.standardize import band_statistics, standardize_of
from tagging.losses.registry import build_loss
from tagging.pipeline.batches import TrainingBatches
from tagging.training.batch_loss import BatchModel
from tagging.training.optimizers import build_optimizer, uses_xla
from tagging.training.regularisation import PenalisedModel, penalty_of
from tagging.training.replicas import everywhere

_MEASURED_CLIPS = 2000  # enough for means of bands; a look at all clips of a large set would take minutes


def measure_bands(frontend: keras.Layer, batches: TrainingBatches) -> None:
    """Give the front end the mean and deviation of each band of some plain training images, if it standardises."""
    standardize = standardize_of(frontend)
    if standardize is None:
        return
    plain = replace(batches, augment=AugmentSettings(), weights=None)
    some = plain.dataset(0, 1).take(-(-_MEASURED_CLIPS // plain.batch_size))
    images = (ops.convert_to_numpy(plain.finished(batch)[0]) for batch in some)
    standardize.set_statistics(*band_statistics(images))


def compiled_trainer(
    network: keras.Model,
    settings: StageSettings,
    kind: TaskKind,
    n_classes: int,
    *,
    finish: Callable[[Any], Any] | None = None,
    notes_loss: bool = False,
) -> keras.Model:
    """A model of the same layers with loss, metrics and optimiser; the network itself stays free of them when saved.

    The loss of the settings with the penalties on weights, the streaming metrics of the task (without weights of
    clips), and the average of weights. `finish` and `notes_loss` as of `BatchModel`.
    """
    penalty, ends = penalty_of(settings), (network.input, network.output)
    trainer = (
        PenalisedModel(*ends, penalty, "trainer", notes_loss, finish)
        if penalty
        else BatchModel(*ends, "trainer", notes_loss, finish)
    )
    trainer.compile(
        optimizer=build_optimizer(settings, depths_of(network, network.trainable_variables)),
        loss=build_loss(settings.loss, kind.name),
        metrics=[metric.streaming(n_classes) for metric in kind.metrics if metric.streaming],
        jit_compile=uses_xla(settings, network),
    )
    trainer.optimizer.build(
        trainer.trainable_variables
    )  # else the first step makes its variables, and is traced twice
    # Else Keras builds the loss and the metrics on what the data set yields.
    everywhere(lambda: _compute_on_nothing(trainer, n_classes))
    trainer.reset_metrics()
    return trainer


def _compute_on_nothing(trainer: keras.Model, n_classes: int) -> None:
    nothing = ops.zeros((1, n_classes))
    trainer.compute_loss(y=nothing, y_pred=nothing)
    trainer.compute_metrics(None, nothing, nothing)


def count_parameters(network: keras.Model) -> dict[str, int]:
    """Parameters in all, and those that train."""
    trainable = sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)
    return {"parameters": network.count_params(), "trainable_parameters": trainable}
