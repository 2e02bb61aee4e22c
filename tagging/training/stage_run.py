"""A stage with its clips, and the two things made of them: batches and validation."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import keras
import numpy as np

from tagging.evaluation.task_kinds import TaskKind
from tagging.inference.windows import pieces_of, predict_files
from tagging.losses.registry import mean_loss
from tagging.pipeline.batches import TrainingBatches
from tagging.pipeline.pieces import Pieces
from tagging.training.clip_weights import clip_weights
from tagging.training.data import StageData
from tagging.training.device import makes_images
from tagging.training.stage import Stage


@dataclass(frozen=True)
class StageRun:
    """What there is to train.

    Attributes:
        stage: its settings, and where the run is made.
        data: its clips.
        jobs: clips read in parallel.
    """

    stage: Stage
    data: StageData
    jobs: int

    @property
    def kind(self) -> TaskKind:
        """The kind of the data set's task."""
        return self.data.kind

    @cached_property
    def pieces(self) -> Pieces:
        """How clips become inputs."""
        return pieces_of(self.stage.config, self.data.train)

    def batches(self, frontend: keras.Layer) -> TrainingBatches:
        """What the network learns from; `frontend` makes images of inputs."""
        train, sources = self.data.train, self.stage.settings.augment.sources
        return TrainingBatches(
            paths=list(train["path"]),
            targets=self.data.targets,
            pieces=self.pieces,
            frontend=frontend,
            augment=self.stage.settings.augment,
            batch_size=self.stage.settings.batch_size,
            seed=self.stage.config.seed,
            jobs=self.jobs,
            weights=self.weights,
            augmented=None if sources is None else train["split"].isin(sources).to_numpy(bool),
            background_paths=list(self.data.backgrounds["path"]),
            lengths=None if None not in self.pieces.input_shape else train["steps"].to_numpy(int),
            on_device=makes_images(self.stage.config.pipeline),
        )

    @property
    def weights(self) -> np.ndarray | None:
        """Weight of each training clip in the loss, (clips,) float32, by source and labels; None where all are 1."""
        data = self.data
        kind, sources = self.kind, data.train["split"]
        return clip_weights(self.stage.settings, sources, data.targets, data.dataset.classes, kind)

    @cached_property
    def validation_targets(self) -> np.ndarray:
        """Multi-hot labels, or values, of the validation clips."""
        return self.data.dataset.targets(self.data.validation)

    def validation_logits(self, step: Callable) -> np.ndarray:
        """Clip logits (validation clips, classes) float32; `step` from `TaggerModel.step`."""
        paths, average = list(self.data.validation["path"]), self.stage.config.window.average
        return predict_files(
            step, paths, self.pieces, jobs=self.jobs, average=average, activation=self.kind.activation
        )

    def validate(self, logits: np.ndarray) -> dict[str, float]:
        """The loss that trains, and the metrics, of clip logits as above; under their names in the logs."""
        targets = self.validation_targets
        report = self.kind.report(targets, logits)
        return {
            "val_loss": mean_loss(self.stage.settings.loss, self.kind.name, targets, logits),
            **{f"val_{metric.key}": float(report[metric.key]) for metric in self.kind.metrics},
        }
