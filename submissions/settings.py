"""What a config can say about ensembles."""

from dataclasses import dataclass
from typing import Literal

from foundation.settings import Settings, setting


@dataclass(frozen=True)
class EnsembleSettings(Settings):
    """How the scores of several models are combined; a model is a run, or the folds of one training."""

    method: Literal["mean", "geometric", "rank"] = setting(
        "mean",
        "`mean` (of probabilities), `geometric` (mean of their logarithms) or `rank` (mean rank within a class)",
    )
    weights: tuple[float, ...] = setting(
        (),
        "one per model (a run, or the folds of one training), in the order of `--runs`; empty: all equal",
        at_least=0,
        at_most=1_000_000,
    )
    fit: bool = setting(
        False, "choose the weights with the best out-of-fold metric; every model has to be a folder of folds"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.fit and self.weights:
            raise ValueError(
                f"expected ensemble.weights or ensemble.fit, received both: {list(self.weights)}"
            )
