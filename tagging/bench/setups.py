"""What is measured: networks with the front ends that they are trained with, all with random weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foundation.settings import made
from models.settings import ModelSettings
from preprocessing.settings import CleaningSettings
from tagging.augment.settings import AugmentSettings
from tagging.config.schema import Config
from tagging.config.stage import StageSettings
from tagging.frontend.settings import FrontendSettings
from tagging.inference.build import TaggerModel, build_tagger
from tagging.pipeline.pieces import audio_windows
from tagging.pipeline.settings import WindowSettings
from tagging.runs.run import Run

N_CLASSES = 80  # as FSDKaggle2019 has
FRONT_ENDS = {"yamnet": ("yamnet", 16_000), "mn": ("mn_log_mel", 32_000)}
PLAIN = ("log_mel", 16_000)
TRAINED = "train"  # the name of the stage


def setup(network: str, batch_size: int) -> Config:
    """The network in windows of 2 s, trained whole, with SpecAugment."""
    frontend, rate_hz = FRONT_ENDS.get(network, PLAIN)
    augment = made({"spec_augment": {"enabled": True}}, AugmentSettings)
    return Config(
        cleaning=CleaningSettings(rate_hz=rate_hz),
        window=WindowSettings(window_s=2.0, hop_s=2.0),
        frontend=FrontendSettings(frontend),
        model=ModelSettings(network),
        stages={TRAINED: StageSettings(batch_size=batch_size, augment=augment, sources=("train",))},
    )


def built(config: Config) -> TaggerModel:
    """The model of these settings with random weights."""
    return build_tagger(config, audio_windows(config.window, config.cleaning.rate_hz), N_CLASSES, None)


@dataclass(frozen=True)
class UntrainedRun(Run):
    """A network with random weights in place of a trained one."""

    @classmethod
    def of(cls, config: Config) -> "UntrainedRun":
        info = {"classes": [str(number) for number in range(N_CLASSES)], "task": "multilabel"}
        return cls(Path(config.model.name), config, info)

    def load_model(self) -> Any:
        return built(self.config).whole
