"""What learns in a stage, from which batches, and how it is validated: a whole network, or its head alone."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import keras
import numpy as np
from keras import ops

from models.parts.fold_norm import folded
from models.parts.split import split_at_head
from tagging.inference.build import TaggerModel
from tagging.inference.windows import WindowLogits, average_windows, inference_step, predict_windows
from tagging.pipeline.batches import TrainingBatches
from tagging.pipeline.clips import clips_from_files
from tagging.pipeline.feature_batches import FeatureBatches
from tagging.training.overfit import FirstBatches
from tagging.training.shared_views import views_folder
from tagging.training.stage_run import StageRun
from tagging.training.views import make_views

_ROWS = 1024  # windows that a head sees at once


class Learner(Protocol):
    """What `fit` trains.

    Attributes:
        network: inputs of `batches` -> logits.
        batches: what it learns from.
    """

    @property
    def network(self) -> keras.Model: ...

    @property
    def batches(self) -> TrainingBatches | FirstBatches | FeatureBatches: ...

    def validate(self) -> dict[str, float]:
        """Loss and metrics of the validation clips, under their names in the logs."""


def learner_of(run: StageRun, model: TaggerModel) -> Learner:
    """As the settings of the stage say.

    Args:
        run: what there is to train.
        model: it is known which of its layers train.

    Raises:
        ModelError: views of a network that has no frozen backbone.
    """
    return WholeNetwork(run, model) if run.stage.settings.views is None else Head(run, model)


@dataclass(frozen=True)
class WholeNetwork:
    """The network, every epoch on new images."""

    run: StageRun
    model: TaggerModel

    @property
    def network(self) -> keras.Model:
        return self.model.network

    @cached_property
    def batches(self) -> TrainingBatches | FirstBatches:
        batches, n = self.run.batches(self.model.frontend), self.run.stage.settings.overfit_batches
        return FirstBatches(batches, n) if n else batches

    def validate(self) -> dict[str, float]:
        return self.run.validate(self.run.validation_logits(self.model.step))


class Head:
    """The head, on what the frozen backbone makes of the first epochs' images and of the validation clips, once."""

    def __init__(self, run: StageRun, model: TaggerModel) -> None:
        self._run, self._frontend = run, model.frontend
        frozen, self.network = split_at_head(model.network)
        self._frozen = folded(frozen)
        self._step = inference_step(self.network)
        self._validation = self._validation_features() if len(run.data.validation) else None

    @cached_property
    def batches(self) -> FeatureBatches:
        stage = self._run.stage
        assert stage.settings.views  # noqa: S101  for the type checker
        batches, n = self._run.batches(self._frontend), min(stage.settings.views, stage.settings.epochs)
        with views_folder(self._run, batches, self._frozen) as folder:
            views = make_views(folder, n, batches, self._frozen)
        return FeatureBatches(views, batches.batch_size, batches.seed, batches.weights is not None)

    def validate(self) -> dict[str, float]:
        run, windows = self._run, self._validation
        assert windows  # noqa: S101  nobody validates without clips
        parts = range(0, len(windows.logits), _ROWS)
        logits = np.concatenate([self._logits(windows.logits[part : part + _ROWS]) for part in parts])
        average, activation = run.stage.config.window.average, run.kind.activation
        found = windows._replace(logits=logits)
        return run.validate(average_windows(found, len(run.data.validation), average, activation))

    def _logits(self, features: np.ndarray) -> np.ndarray:
        return ops.convert_to_numpy(self._step(features))

    def _validation_features(self) -> WindowLogits:
        """All windows of the validation clips, their features in place of logits."""
        paths, pieces = list(self._run.data.validation["path"]), self._run.pieces
        inputs = keras.Input(pieces.input_shape)
        step = inference_step(keras.Model(inputs, self._frozen(self._frontend(inputs))))
        clips = clips_from_files(paths, pieces, self._run.jobs)
        return predict_windows(step, clips, len(paths), pieces, description="validation features")
