"""What a config can say about how stages train."""

from dataclasses import dataclass, field
from typing import Any, Literal

from foundation.limits import Limits
from foundation.setting_types import check_types
from foundation.settings import Settings, setting
from tagging.augment.settings import AugmentSettings
from tagging.config.schedule import (
    HIGHEST_RATE,
    MOST_EPOCHS,
    CyclicSettings,
    ExponentialSettings,
    OneCycleSettings,
    OptimizerName,
    PlateauSettings,
    RestartsSettings,
    ScheduleName,
    StepSettings,
)
from tagging.losses.settings import LossSettings

HEAVIEST = 1_000_000
"""Of the weights of clips."""


@dataclass(frozen=True)
class TrainSettings(Settings):
    """How a stage trains; `train.KEY` speaks to every stage, `stages.NAME.KEY` to one."""

    epochs: int = setting(15, "passes over the clips", at_least=1, at_most=MOST_EPOCHS)
    batch_size: int = setting(64, "clips per step", at_least=1, at_most=1_000_000)
    optimizer: OptimizerName = setting(
        "adam", "Keras's optimizer, with Keras's own defaults except for `momentum` and `weight_decay`"
    )
    momentum: float = setting(0.9, "momentum of `sgd`; 0: none", at_least=0, below=1)
    clip_norm: float | None = setting(
        None,
        "gradients with a larger global norm are scaled down to it; null: never. It prevents exploding gradients, "
        "as in recurrent layers",
        above=0,
        at_most=1_000_000_000,
    )
    learning_rate: float = setting(
        1e-3,
        "learning rate; with a schedule, its highest value, which is also the first one, except for `cyclic` and "
        "`one_cycle`",
        above=0,
        at_most=HIGHEST_RATE,
    )
    block_decay: float = setting(
        1.0,
        "rates by block, lower near the input: the head has the rate of the schedule, and each block of the backbone "
        "this times the rate of what follows it; 1: one rate. Networks without a backbone always have one",
        above=0,
        at_most=1,
    )
    schedule: ScheduleName = setting(
        "constant",
        "schedule of the rate, one value per epoch: `constant`; `cosine`, from `learning_rate` to 0 over the "
        "epochs; `cosine_restarts`, several cosines in turn; `cyclic`, up and down between two rates; `exponential`, "
        "lower after each epoch; `one_cycle`, up once, then down to almost 0; `step`, lower after every few epochs; "
        "`plateau`, lower when `monitor` stops improving; `step_plateau`, both",
    )
    restarts: RestartsSettings = field(default_factory=RestartsSettings)
    cyclic: CyclicSettings = field(default_factory=CyclicSettings)
    exponential: ExponentialSettings = field(default_factory=ExponentialSettings)
    one_cycle: OneCycleSettings = field(default_factory=OneCycleSettings)
    step: StepSettings = field(default_factory=StepSettings)
    plateau: PlateauSettings = field(default_factory=PlateauSettings)
    l1: float = setting(
        0.0,
        "this times the sum of abs(w) over the trainable kernels (no biases, no normalization) is added to the "
        "loss",
        at_least=0,
        at_most=1_000_000,
    )
    l2: float = setting(
        0.0, "this times the sum of w² over them is added to the loss", at_least=0, at_most=1_000_000
    )
    weight_decay: float | None = setting(
        None,
        "this share of each trainable weight, including biases, is added to its gradient, as in PyTorch's Adam and "
        "SGD; `adamw`, `lamb`, `lion` and `muon` instead subtract it, times the rate, from the weights themselves. "
        "Null: none, for `adamw` and `muon` Keras's 0.004",
        at_least=0,
        at_most=1_000_000,
    )
    monitor: str | None = setting(
        None,
        "metric that selects the best epoch: `val_loss`, or `val_` and a metric of the task, e.g. `val_f1_macro`; "
        "null: `val_lwlrap`, `val_accuracy` or `val_mse`, by the task",
    )
    patience: int = setting(
        0, "epochs without improvement after which training stops; 0: never", at_least=0, at_most=MOST_EPOCHS
    )
    keep: Literal["best", "last"] = setting(
        "best",
        "the weights of the `best` epoch, or of the `last` one. Choosing among epochs makes the validation score "
        "slightly optimistic; `last` keeps it unbiased where it is the result (folds)",
    )
    mixed_precision: bool = setting(False, "float16 arithmetic, meant for GPUs")
    jit_compile: Literal["auto", "on", "off"] = setting(
        "auto",
        "XLA: `auto`, `'on'` or `'off'`, in quotes, as YAML reads these words as true and false; `auto` is on with "
        "a GPU, and with JAX, which is nothing else; off on a CPU (where it makes small images 5 times slower)",
    )
    ema_momentum: float = setting(
        0.0,
        "validation and the run take an exponential moving average of the weights, which keeps this share of "
        "itself per step (0.99: about the last 100 steps); 0: the weights as they are",
        at_least=0,
        below=1,
    )
    source_weights: dict[str, float] = setting(
        dict,
        "weight of each source's clips in the loss, e.g. `{noisy: 0.5}`; other sources weigh 1",
        above=0,
        at_most=HEAVIEST,
    )
    class_weights: Any = setting(  # str, dict or None, of which OmegaConf takes no union
        None,
        "weight of each label's clips in the loss: `balanced` (clips / (classes x clips of the class), as in "
        "scikit-learn) or e.g. `{rock: 2}`, where other labels weigh 1; null: all 1. A clip with several "
        "labels has the mean of their weights",
    )
    overfit_batches: int = setting(
        0,
        "above 0, a check that the network can learn: all epochs see this many batches of the first epoch, without "
        "augmentation. `patience` and a plateau have no effect, and the last epoch is kept. The result is not a "
        "useful model",
        at_least=0,
        at_most=1_000_000,
    )
    loss: LossSettings = field(default_factory=LossSettings)
    augment: AugmentSettings = field(default_factory=AugmentSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
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
        if isinstance(self.class_weights, dict):
            limits = Limits(0, HEAVIEST, open_low=True)
            check_types(self.class_weights, dict[str, float], "train.class_weights", limits)

    @property
    def decouples_decay(self) -> bool:
        """Whether `weight_decay` is the optimiser's own instead of a part of the loss."""
        return self.optimizer in ("adamw", "lamb", "lion", "muon")

    @property
    def has_steps(self) -> bool:
        """Whether the rate sinks every so many epochs."""
        return self.schedule in ("step", "step_plateau")

    @property
    def has_plateau(self) -> bool:
        """Whether the rate sinks when the monitored figure gets no better."""
        return self.schedule in ("plateau", "step_plateau") and not self.overfit_batches

    @property
    def keeps_last(self) -> bool:
        """Whether the last epoch counts, however it validates; an overfitting check is not about validation."""
        return self.keep == "last" or self.overfit_batches > 0
