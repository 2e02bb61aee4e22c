"""The one schema: all settings of an experiment. Each part is owned by the room that uses it."""

from dataclasses import dataclass, field

from foundation.parallel import ParallelSettings
from foundation.settings import Settings, setting
from foundation.words import nearest
from models.settings import ModelSettings
from preprocessing.settings import CleaningSettings
from submissions.settings import EnsembleSettings
from tagging.config.errors import ConfigError
from tagging.config.stage import StageSettings
from tagging.config.tracking import TrackingSettings
from tagging.config.train import TrainSettings
from tagging.datasets.settings import DatasetSettings, SplitSettings
from tagging.frontend.settings import FrontendSettings
from tagging.pipeline.settings import PipelineSettings, SequenceSettings, WindowSettings


@dataclass(frozen=True)
class Config(Settings):
    """Everything an experiment can be told; each part is documented where it is used."""

    seed: int = setting(
        0,
        "of the hold-out, the initial weights, and every random choice in training",
        at_least=0,
        at_most=2**32 - 1,
    )
    deterministic: bool = setting(
        False,
        "TensorFlow may use only deterministic operations: two trainings on the same machine with the same "
        "`--jobs` are then equal to the last bit, also on a GPU, where it costs time",
    )
    clean_dir: str = setting("data/fsdkaggle2019_clean", "folder of the clean audio", is_path=True)
    run_dir: str = setting(
        "runs/fsdkaggle2019", "folder of the runs; stage NAME is stored in `run_dir/NAME`", is_path=True
    )
    dataset: DatasetSettings = field(default_factory=DatasetSettings)
    cleaning: CleaningSettings = field(default_factory=CleaningSettings)
    split: SplitSettings = field(default_factory=SplitSettings)
    window: WindowSettings = field(default_factory=WindowSettings)
    sequence: SequenceSettings = field(default_factory=SequenceSettings)
    pipeline: PipelineSettings = field(default_factory=PipelineSettings)
    frontend: FrontendSettings = field(default_factory=FrontendSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    stages: dict[str, StageSettings] = field(default_factory=dict)
    ensemble: EnsembleSettings = field(default_factory=EnsembleSettings)
    tracking: TrackingSettings = field(default_factory=TrackingSettings)
    parallel: ParallelSettings = field(default_factory=ParallelSettings)

    def stage(self, name: str) -> StageSettings:
        """The settings of one stage."""
        if name not in self.stages:
            known = ", ".join(self.stages)
            raise ConfigError(
                f"expected a stage out of {known}, received {name!r}.{nearest(name, self.stages)}"
            )
        return self.stages[name]
