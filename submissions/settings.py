"""What a config can say about ensembles."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class EnsembleSettings:
    """How the scores of several runs become one.

    Attributes:
        method: `mean` (of probabilities), `geometric` (mean of their logarithms) or `rank` (mean rank within a class).
        weights: one a run, in the order of `--runs`; empty: all equal.
    """

    method: Literal["mean", "geometric", "rank"] = "mean"
    weights: list[float] = field(default_factory=list)
