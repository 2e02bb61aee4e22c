"""The one schema: all settings of an experiment. Each part is owned by the room that uses it."""

from dataclasses import dataclass, field

from models.settings import ModelSettings
from preprocessing.settings import CleaningSettings
from submissions.settings import EnsembleSettings
from tagging.config.errors import ConfigError
from tagging.config.stage import StageSettings, TrainSettings
from tagging.config.tracking import TrackingSettings
from tagging.datasets.settings import DatasetSettings, SplitSettings
from tagging.frontend.settings import FrontendSettings
from tagging.pipeline.settings import SequenceSettings, WindowSettings


@dataclass(frozen=True)
class Config:
    """Everything an experiment can be told; each part is documented where it is used.

    Attributes:
        seed: of the hold-out, the weights, and every random choice in training; at least 0.
        deterministic: TensorFlow may use only operations that give the same every time: two trainings are then equal
            to the last bit on a GPU, too, where it takes time; on the same machine with the same `--jobs`.
        clean_dir: folder of the clean audio.
        run_dir: folder of the runs; stage NAME ends in `run_dir/NAME`.
    """

    seed: int = 0
    deterministic: bool = False
    clean_dir: str = "data/fsdkaggle2019_clean"
    run_dir: str = "runs/fsdkaggle2019"
    dataset: DatasetSettings = field(default_factory=DatasetSettings)
    cleaning: CleaningSettings = field(default_factory=CleaningSettings)
    split: SplitSettings = field(default_factory=SplitSettings)
    window: WindowSettings = field(default_factory=WindowSettings)
    sequence: SequenceSettings = field(default_factory=SequenceSettings)
    frontend: FrontendSettings = field(default_factory=FrontendSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    stages: dict[str, StageSettings] = field(default_factory=dict)
    ensemble: EnsembleSettings = field(default_factory=EnsembleSettings)
    tracking: TrackingSettings = field(default_factory=TrackingSettings)

    def stage(self, name: str) -> StageSettings:
        """The settings of one stage."""
        if name not in self.stages:
            raise ConfigError(f"expected a stage out of {list(self.stages)}, received {name!r}")
        return self.stages[name]
