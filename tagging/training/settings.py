"""What a config can say about training."""

from dataclasses import dataclass, field
from math import inf
from typing import Literal

from tagging.augment.settings import AugmentSettings


@dataclass(frozen=True)
class TrainSettings:
    """How a stage trains; `train.KEY` speaks to every stage, `stages.NAME.KEY` to one.

    Attributes:
        epochs: passes over the clips.
        batch_size: clips a step.
        optimizer: `adam`, `adamw`, `sgd` (momentum 0.9), `rmsprop` or `adagrad`.
        learning_rate: at the start.
        schedule: `constant`, or `cosine`: from `learning_rate` to 0 over the epochs, one value an epoch.
        patience: epochs without a better validation LWLRAP after which training stops; 0: never.
        mixed_precision: float16 arithmetic; pays on a GPU.
        jit_compile: XLA; `auto` is on with a GPU, off on a CPU (where it makes small images 5 times slower).
        augment: what is done to the images.
    """

    epochs: int = 15
    batch_size: int = 64
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop", "adagrad"] = "adam"
    learning_rate: float = 1e-3
    schedule: Literal["constant", "cosine"] = "constant"
    patience: int = 0
    mixed_precision: bool = False
    jit_compile: Literal["auto", "on", "off"] = "auto"
    augment: AugmentSettings = field(default_factory=AugmentSettings)

    def __post_init__(self) -> None:
        for key in ("epochs", "batch_size", "learning_rate"):
            if not 0 < getattr(self, key) < inf:
                raise ValueError(f"expected a finite train.{key} above 0, received {getattr(self, key)}")
        if self.patience < 0:
            raise ValueError(f"expected train.patience of at least 0, received {self.patience}")


@dataclass(frozen=True)
class StageSettings(TrainSettings):
    """One training pass.

    Attributes:
        sources: splits that it learns from, e.g. `[noisy]` or `[curated, noisy]`.
        init: where its weights come from: `none` (as `model.weights` says), `previous` (the stage before it), or
            the path of a run folder.
        trainable: what learns: `all`, or any of `head` and block names of the backbone.
    """

    sources: list[str] = field(default_factory=lambda: ["curated"])
    init: str = "none"
    trainable: list[str] = field(default_factory=lambda: ["all"])
