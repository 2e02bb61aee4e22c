"""What a config can say about the optimizer, and about the learning rate over the epochs."""

from dataclasses import dataclass
from typing import Literal

from foundation.settings import Settings, setting

MOST_EPOCHS = 1_000_000
HIGHEST_RATE = 1_000

OptimizerName = Literal[
    "adadelta",
    "adafactor",
    "adagrad",
    "adam",
    "adamax",
    "adamw",
    "ftrl",
    "lamb",
    "lion",
    "muon",
    "nadam",
    "rmsprop",
    "sgd",
]
ScheduleName = Literal[
    "constant",
    "cosine",
    "cosine_restarts",
    "cyclic",
    "exponential",
    "one_cycle",
    "step",
    "plateau",
    "step_plateau",
]


@dataclass(frozen=True)
class StepSettings(Settings):
    """Of `schedule` `step` and `step_plateau`."""

    epochs: int = setting(
        10,
        "only for `step` and `step_plateau`: the rate is multiplied by `gamma` each time this many epochs have passed",
        at_least=1,
        at_most=MOST_EPOCHS,
    )
    gamma: float = setting(0.5, "factor of each step", above=0, below=1)


@dataclass(frozen=True)
class ExponentialSettings(Settings):
    """Of `schedule` `exponential`."""

    gamma: float = setting(
        0.95, "only for `exponential`: the rate is multiplied by this after every epoch", above=0, below=1
    )


@dataclass(frozen=True)
class RestartsSettings(Settings):
    """Of `schedule` `cosine_restarts`."""

    first_epochs: int = setting(
        10,
        "only for `cosine_restarts`: length of the first cosine, after which the rate starts again at the top",
        at_least=1,
        at_most=MOST_EPOCHS,
    )
    factor: float = setting(
        1.0, "each cosine is this many times as long as the one before", at_least=1, at_most=1_000
    )


@dataclass(frozen=True)
class CyclicSettings(Settings):
    """Of `schedule` `cyclic`."""

    rise_epochs: int = setting(
        4,
        "only for `cyclic`: epochs from the lowest rate to the highest, and as many back again",
        at_least=1,
        at_most=MOST_EPOCHS,
    )
    low_share: float = setting(
        0.1, "lowest rate, as a share of `learning_rate`, which is the highest", above=0, below=1
    )
    mode: Literal["triangular", "triangular2"] = setting(
        "triangular", "`triangular`, or `triangular2`: the range is halved with each cycle"
    )


@dataclass(frozen=True)
class OneCycleSettings(Settings):
    """Of `schedule` `one_cycle`."""

    rise_share: float = setting(
        0.3,
        "only for `one_cycle`: share of the epochs in which the rate rises to `learning_rate`, which may be reached "
        "between two epochs; if that is one epoch or less, the rate begins there",
        at_least=0,
        below=1,
    )
    start_share: float = setting(
        0.04, "rate of the first epoch of the rise, as a share of `learning_rate`", above=0, at_most=1
    )
    end_share: float = setting(
        4e-6, "rate of the last epoch, as a share of `learning_rate`", above=0, at_most=1
    )


@dataclass(frozen=True)
class PlateauSettings(Settings):
    """Of `schedule` `plateau` and `step_plateau`: the rate is lowered when a figure stops improving."""

    factor: float = setting(
        0.5, "only for `plateau` and `step_plateau`: factor of the rate", above=0, below=1
    )
    patience: int = setting(
        3,
        "epochs without improvement that are tolerated; the rate is lowered after one more, and counting starts "
        "again",
        at_least=0,
        at_most=MOST_EPOCHS,
    )
    threshold: float = setting(
        1e-4,
        "how much better than the best an epoch must be to count as better",
        at_least=0,
        at_most=1_000_000_000,
    )
    threshold_mode: Literal["relative", "absolute"] = setting(
        "relative", "`relative` (a share of the best, so below 1) or `absolute`"
    )
    min_learning_rate: float = setting(
        0.0, "a plateau does not lower the rate below this", at_least=0, at_most=HIGHEST_RATE
    )
    monitor: str | None = setting(
        None, "metric that a plateau watches, e.g. `val_loss`; null: `train.monitor`"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.threshold_mode == "relative" and self.threshold >= 1:
            raise ValueError(
                f"expected train.plateau.threshold below 1 where it is relative, received {self.threshold}; "
                "nothing would be better"
            )
