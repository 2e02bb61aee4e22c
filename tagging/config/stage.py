"""What a config can say about training."""

from dataclasses import dataclass, field
from math import inf
from typing import Any, Literal

from tagging.augment.settings import AugmentSettings
from tagging.config.schedule import PlateauSettings, StepSettings
from tagging.config.selection import SELECTED, SelectionSettings
from tagging.losses.settings import LossSettings


@dataclass(frozen=True)
class TrainSettings:
    """How a stage trains; `train.KEY` speaks to every stage, `stages.NAME.KEY` to one.

    Attributes:
        epochs: passes over the clips.
        batch_size: clips a step.
        optimizer: `adam`, `adamw`, `sgd`, `rmsprop` or `adagrad`.
        momentum: of `sgd`, 0 (none) to below 1.
        clip_norm: gradients longer than this, all together, are shortened to it; null: never. Against the bursts of
            recurrent layers.
        learning_rate: at the start.
        schedule: of the rate, one value an epoch: `constant`; `cosine`, from `learning_rate` to 0 over the epochs;
            `step`, down every so many epochs; `plateau`, down when `monitor` gets no better; `step_plateau`, both.
        step: of `step`.
        plateau: of `plateau`.
        l1: times the sum of |w| over the kernels that train (no biases, nothing of a normalisation), beside the loss.
        l2: times the sum of w^2 over them, beside the loss.
        weight_decay: adds so much of each weight that trains, biases too, to its gradient, as PyTorch's Adam and SGD
            do; with `adamw` it is the optimiser's own, off the weights themselves, times the rate. Null: none, with
            `adamw` Keras's 0.004.
        monitor: what says which epoch is better: `val_loss`, or `val_` and a metric of the task, e.g. `val_f1_macro`;
            null: `val_lwlrap`, `val_accuracy` or `val_mse`, by the task.
        patience: epochs without a better one after which training stops; 0: never.
        keep: the weights of the `best` epoch, or of the `last` one. A choice among epochs makes the validation
            score itself read a little high; `last` keeps it honest, as where it is the result (folds).
        mixed_precision: float16 arithmetic; pays on a GPU.
        jit_compile: XLA; `auto` is on with a GPU, off on a CPU (where it makes small images 5 times slower).
        ema_momentum: below 1; validation and the run take an exponential moving average of the weights, which keeps
            this share of itself a step (0.99: about the last 100 steps); 0: the weights as they are.
        source_weights: weight of each source's clips in the loss, e.g. `{noisy: 0.5}`; a source that is not
            named weighs 1.
        class_weights: weight of each label's clips in the loss: `balanced` (clips / (classes x clips of the class), as
            scikit-learn has it) or e.g. `{rock: 2}`, where a label that is not named weighs 1; null: all 1. A clip with
            several labels weighs their mean.
        overfit_batches: 0, or a check that the network can learn: all epochs see the first so many batches of the
            first one, without augmentation. The result is no model to use.
        loss: what training lowers.
        augment: what is done to the images.
    """

    epochs: int = 15
    batch_size: int = 64
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop", "adagrad"] = "adam"
    momentum: float = 0.9
    clip_norm: float | None = None
    learning_rate: float = 1e-3
    schedule: Literal["constant", "cosine", "step", "plateau", "step_plateau"] = "constant"
    step: StepSettings = field(default_factory=StepSettings)
    plateau: PlateauSettings = field(default_factory=PlateauSettings)
    l1: float = 0.0
    l2: float = 0.0
    weight_decay: float | None = None
    monitor: str | None = None
    patience: int = 0
    keep: Literal["best", "last"] = "best"
    mixed_precision: bool = False
    jit_compile: Literal["auto", "on", "off"] = "auto"
    ema_momentum: float = 0.0
    source_weights: dict[str, float] = field(default_factory=dict)
    class_weights: Any = None  # of str, dict and None, which the schema's library takes no union of
    overfit_batches: int = 0
    loss: LossSettings = field(default_factory=LossSettings)
    augment: AugmentSettings = field(default_factory=AugmentSettings)

    def __post_init__(self) -> None:
        for key in ("epochs", "batch_size", "learning_rate", "clip_norm"):
            value = getattr(self, key)
            if value is not None and not 0 < value < inf:
                raise ValueError(f"expected a finite train.{key} above 0, received {value}")
        for key in ("patience", "l1", "l2", "weight_decay", "overfit_batches"):
            value = getattr(self, key)
            if value is not None and not 0 <= value < inf:
                raise ValueError(f"expected a finite train.{key} of at least 0, received {value}")
        for key in ("momentum", "ema_momentum"):
            if not 0 <= getattr(self, key) < 1:
                raise ValueError(f"expected train.{key} from 0 to below 1, received {getattr(self, key)}")
        if self.patience and self.keep == "last":
            raise ValueError(
                f"expected train.patience=0 where train.keep=last, received {self.patience}: waiting for a better "
                "epoch is for keep=best"
            )
        if self.class_weights not in (None, "balanced") and not isinstance(self.class_weights, dict):
            raise ValueError(
                "expected train.class_weights as balanced, {label: weight} or null, "
                f"received {self.class_weights}"
            )
        _check_weights("source_weights", self.source_weights)
        if isinstance(self.class_weights, dict):
            _check_weights("class_weights", self.class_weights)

    @property
    def has_steps(self) -> bool:
        """Whether the rate sinks every so many epochs."""
        return self.schedule in ("step", "step_plateau")

    @property
    def has_plateau(self) -> bool:
        """Whether the rate sinks when the monitored figure gets no better."""
        return self.schedule in ("plateau", "step_plateau")


def _check_weights(key: str, weights: dict[Any, Any]) -> None:
    if numbers := [name for name in weights if not isinstance(name, str)]:
        raise ValueError(
            f"expected train.{key} with names, received the number {numbers[0]}; write '{numbers[0]}'"
        )
    for name, weight in weights.items():
        if not isinstance(weight, int | float) or not 0 < weight < inf:
            raise ValueError(f"expected a finite train.{key}.{name} above 0, received {weight}")


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
