"""What a config can say about self-training."""

from dataclasses import dataclass
from typing import Literal

from foundation.settings import Settings, setting

SELECTED = "selected"
"""The source that stands for those noisy clips that a model lets in."""


@dataclass(frozen=True)
class SelectionSettings(Settings):
    """Which noisy clips come in as source `selected`.

    Method: pseudo-labels, Lee 2013, "Pseudo-Label"; confirmed labels only, as leading FSDKaggle2019 systems did.
    Distillation: Hinton, Vinyals and Dean 2015, arXiv:1503.02531, at a temperature of 1.
    """

    model: str = setting(
        "previous",
        "the run that selects the clips of the source `selected`: `previous` (the stage before), or the path of a "
        "run folder",
        is_path=True,
    )
    others: tuple[str, ...] = setting(
        (),
        "further run folders: the probabilities are the mean of the model's and theirs. With `labels: model`, an "
        "ensemble is distilled into one network",
        is_path=True,
    )
    labels: Literal["given", "model"] = setting(
        "given",
        "`given`: a clip keeps its labels, and is selected if the model gives each of them at least "
        "`min_probability`; `model`: it gets the model's probabilities as labels, and is selected if one of them "
        "reaches `min_probability`",
    )
    min_probability: float = setting(0.5, "threshold of the model's probabilities", at_least=0, at_most=1)
