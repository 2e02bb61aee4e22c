"""A stage's settings, clips and work folder in one place, and the two things made of them: batches and validation."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import keras
import numpy as np

from tagging.config import Config
from tagging.evaluation import multilabel_report
from tagging.pipeline.batches import TrainingBatches, waveforms_from_files
from tagging.prediction import predict_clips
from tagging.training.data import StageData
from tagging.training.losses import build_loss
from tagging.training.settings import StageSettings


@dataclass(frozen=True)
class Task:
    """What there is to train.

    Attributes:
        config: the whole experiment.
        settings: of this stage.
        data: its clips.
        work: folder in which the run is made.
        jobs: clips read in parallel.
    """

    config: Config
    settings: StageSettings
    data: StageData
    work: Path
    jobs: int

    def batches(self, frontend: keras.Layer) -> TrainingBatches:
        """What the network learns from."""
        window, train = self.config.window, self.data.train
        return TrainingBatches(
            paths=list(train["path"]),
            targets=self.data.targets,
            frontend=frontend,
            length=window.window_samples(self.config.cleaning.rate_hz),
            candidates=window.candidates,
            augment=self.settings.augment,
            batch_size=self.settings.batch_size,
            seed=self.config.seed,
            jobs=self.jobs,
            weights=self.weights,
            background_paths=self.data.backgrounds,
        )

    @property
    def weights(self) -> np.ndarray | None:
        """Weight of each training clip in the loss, (clips,) float32, by its source; None where all are 1."""
        of_source = self.settings.source_weights
        if not of_source:
            return None
        return np.array([of_source.get(source, 1.0) for source in self.data.train["split"]], np.float32)

    @cached_property
    def validation_targets(self) -> np.ndarray:
        """Multi-hot labels of the validation clips."""
        return self.data.dataset.targets(self.data.validation)

    def validation_logits(self, step: Callable) -> np.ndarray:
        """Clip logits (validation clips, classes) float32; `step` from `prediction.inference_step`."""
        clips = self.data.validation
        waveforms = waveforms_from_files(list(clips["path"]), self.jobs)
        return predict_clips(step, waveforms, len(clips), self.config.window, self.config.cleaning.rate_hz)

    def validate(self, step: Callable) -> dict[str, float]:
        """Clip-level validation loss (the one that trains) and metrics, under their names in the logs."""
        targets, logits = self.validation_targets, self.validation_logits(step)
        report = multilabel_report(targets, logits)
        loss = keras.ops.mean(build_loss(self.settings.loss)(targets, logits))
        return {
            "val_loss": float(loss),
            **{f"val_{key}": float(report[key]) for key in ("lwlrap", "map", "roc_auc")},
        }
