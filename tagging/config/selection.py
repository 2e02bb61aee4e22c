"""What a config can say about self-training."""

from dataclasses import dataclass
from typing import Literal

SELECTED = "selected"
"""The source that stands for those noisy clips that a model lets in."""


@dataclass(frozen=True)
class SelectionSettings:
    """Which noisy clips come in as source `selected`.

    Method: pseudo-labels, Lee 2013, "Pseudo-Label"; confirmed labels only, as leading FSDKaggle2019 systems did.

    Attributes:
        model: the run that decides: `previous` (the stage before), or the path of a run folder.
        labels: `given`: a clip keeps its labels, and comes in when the model gives each of them
            `min_probability`; `model`: it gets the model's probabilities as labels, and comes in when one of
            them reaches `min_probability`.
        min_probability: 0 to 1.
    """

    model: str = "previous"
    labels: Literal["given", "model"] = "given"
    min_probability: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.min_probability <= 1:
            raise ValueError(
                f"expected selection.min_probability from 0 to 1, received {self.min_probability}"
            )
