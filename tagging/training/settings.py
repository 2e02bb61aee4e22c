"""What a config can say about training."""

from dataclasses import dataclass, field
from math import inf
from typing import Literal

from tagging.augment.settings import AugmentSettings
from tagging.training.loss_settings import LossSettings
from tagging.training.selection_settings import SELECTED, SelectionSettings


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
        keep: the weights of the `best` epoch by validation LWLRAP, or of the `last` one. A choice among epochs makes
            the validation score itself read a little high; `last` keeps it honest, as where it is the result (folds).
        mixed_precision: float16 arithmetic; pays on a GPU.
        jit_compile: XLA; `auto` is on with a GPU, off on a CPU (where it makes small images 5 times slower).
        ema_momentum: below 1; validation and the run take an exponential moving average of the weights, which keeps
            this share of itself a step (0.99: about the last 100 steps); 0: the weights as they are.
        source_weights: weight of each source's clips in the loss, e.g. `{noisy: 0.5}`; a source that is not
            named weighs 1.
        loss: what training lowers.
        augment: what is done to the images.
    """

    epochs: int = 15
    batch_size: int = 64
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop", "adagrad"] = "adam"
    learning_rate: float = 1e-3
    schedule: Literal["constant", "cosine"] = "constant"
    patience: int = 0
    keep: Literal["best", "last"] = "best"
    mixed_precision: bool = False
    jit_compile: Literal["auto", "on", "off"] = "auto"
    ema_momentum: float = 0.0
    source_weights: dict[str, float] = field(default_factory=dict)
    loss: LossSettings = field(default_factory=LossSettings)
    augment: AugmentSettings = field(default_factory=AugmentSettings)

    def __post_init__(self) -> None:
        for key in ("epochs", "batch_size", "learning_rate"):
            if not 0 < getattr(self, key) < inf:
                raise ValueError(f"expected a finite train.{key} above 0, received {getattr(self, key)}")
        if self.patience < 0:
            raise ValueError(f"expected train.patience of at least 0, received {self.patience}")
        if self.patience and self.keep == "last":
            raise ValueError(
                f"expected train.patience=0 where train.keep=last, received {self.patience}: waiting for a better "
                "epoch is for keep=best"
            )
        if not 0 <= self.ema_momentum < 1:
            raise ValueError(f"expected train.ema_momentum from 0 to below 1, received {self.ema_momentum}")
        for source, weight in self.source_weights.items():
            if not 0 < weight < inf:
                raise ValueError(
                    f"expected a finite train.source_weights.{source} above 0, received {weight}"
                )


@dataclass(frozen=True)
class StageSettings(TrainSettings):
    """One training pass.

    Attributes:
        sources: splits that it learns from, e.g. `[noisy]` or `[curated, noisy]`; `selected` stands for the noisy
            clips that `selection` lets in.
        init: where its weights come from: `none` (as `model.weights` says), `previous` (the stage before it), or
            the path of a run folder.
        trainable: what learns: `all`, or any of `head` and block names of the backbone.
        selection: of the clips of source `selected`.
    """

    sources: list[str] = field(default_factory=lambda: ["curated"])
    init: str = "none"
    trainable: list[str] = field(default_factory=lambda: ["all"])
    selection: SelectionSettings = field(default_factory=SelectionSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        if SELECTED in self.sources and "noisy" in self.sources:
            raise ValueError(
                f"expected sources with {SELECTED} or noisy, received {self.sources}: both are the same clips"
            )
        if unknown := [source for source in self.source_weights if source not in self.sources]:
            raise ValueError(
                f"expected source_weights of a stage's own sources, {self.sources}, received {unknown}; to weigh "
                "in one stage only: stages.NAME.source_weights"
            )
