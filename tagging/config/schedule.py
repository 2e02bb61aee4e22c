"""What a config can say about the learning rate over the epochs."""

from dataclasses import dataclass
from math import inf
from typing import Literal


@dataclass(frozen=True)
class StepSettings:
    """Of `schedule` `step` and `step_plateau`.

    Attributes:
        epochs: after every so many epochs the rate is multiplied by `gamma`.
        gamma: above 0 and below 1.
    """

    epochs: int = 10
    gamma: float = 0.5

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise ValueError(f"expected train.step.epochs of at least 1, received {self.epochs}")
        if not 0 < self.gamma < 1:
            raise ValueError(f"expected train.step.gamma above 0 and below 1, received {self.gamma}")


@dataclass(frozen=True)
class PlateauSettings:
    """Of `schedule` `plateau` and `step_plateau`: the rate sinks once `train.monitor` gets no better.

    Attributes:
        factor: what the rate is multiplied by, above 0 and below 1.
        patience: epochs without a better one that are put up with; the rate sinks after one more, and counting
            begins anew.
        threshold: how much better than the best an epoch must be to count as better.
        threshold_mode: `relative` (a share of the best) or `absolute`.
        min_learning_rate: a plateau takes the rate no lower.
    """

    factor: float = 0.5
    patience: int = 3
    threshold: float = 1e-4
    threshold_mode: Literal["relative", "absolute"] = "relative"
    min_learning_rate: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.factor < 1:
            raise ValueError(f"expected train.plateau.factor above 0 and below 1, received {self.factor}")
        for key in ("patience", "threshold", "min_learning_rate"):
            if not 0 <= getattr(self, key) < inf:
                raise ValueError(
                    f"expected a finite train.plateau.{key} of at least 0, received {getattr(self, key)}"
                )
        if self.threshold_mode == "relative" and self.threshold >= 1:
            raise ValueError(
                f"expected train.plateau.threshold below 1 where it is relative, received {self.threshold}; "
                "nothing would be better"
            )
