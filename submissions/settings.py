"""What a config can say about ensembles."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class EnsembleSettings:
    """How the scores of several models become one; a model is a run, or the folds of one training.

    Attributes:
        method: `mean` (of probabilities), `geometric` (mean of their logarithms) or `rank` (mean rank within a class).
        weights: one a model, in the order of `--runs`; empty: all equal.
        fit: choose the weights that have the best metric out of fold; every model has to be one of folds.
    """

    method: Literal["mean", "geometric", "rank"] = "mean"
    weights: list[float] = field(default_factory=list)
    fit: bool = False

    def __post_init__(self) -> None:
        if self.fit and self.weights:
            raise ValueError(f"expected ensemble.weights or ensemble.fit, received both: {self.weights}")
