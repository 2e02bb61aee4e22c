"""What a config can say about the loss."""

from dataclasses import dataclass
from math import inf
from pathlib import Path

from foundation.errors import UserError
from foundation.plugins import functions, plugin_names

NAMES = plugin_names(Path(__file__).parent, besides=("registry", "settings"))
"""The losses: every other module of this package is one."""

_DEFAULTS = {"multilabel": "bce", "multiclass": "cross_entropy", "regression": "mse"}
_TASKS = {name: functions(Path(__file__).parent / f"{name}.py") for name in NAMES}
LOSSES = {
    kind: (default, *(name for name in NAMES if kind in _TASKS[name] and name != default))
    for kind, default in _DEFAULTS.items()
}
"""Losses of each kind of task, its default first."""


class LossError(UserError):
    """A loss that does not fit the task; the message is one line for the user."""


@dataclass(frozen=True)
class LossSettings:
    """What a network is trained to lower; see `tagging/losses/` for the formulas.

    Noisy labels: `lq` believes a label the less, the surer the network is of the opposite. With sigmoids its q has
    to stay smaller than with a softmax: a class that a share s of the clips has is drawn to the logit
    ln(s / (1 - s)) / (1 - q). For one class in 80, q = 0.7 (usual with a softmax) means a probability of 5e-7, where
    positives teach nothing any more; q = 0.3 means 0.002.

    Attributes:
        name: a file in `tagging/losses/`: `bce` (binary cross-entropy) or `lq` (generalised cross-entropy, for labels
            that may be wrong); with one label a clip `cross_entropy` or `lq`; of regression `mse`, `mae` or `huber`;
            null: the first of its task.
        q: of `lq`, above 0 to 1: near 0 it is `bce`, 1 is the mean absolute error.
        label_smoothing: labels move by this share, 0 to below 1, towards 0.5, or with one label a clip towards all
            classes alike.
        lsep_weight: weight of the rank loss LSEP beside it; 0: none. LSEP starts near the logarithm of the
            number of classes, `bce` near 0.7.
    """

    name: str | None = None
    q: float = 0.3
    label_smoothing: float = 0.0
    lsep_weight: float = 0.0

    def __post_init__(self) -> None:
        for key, is_valid, expected in (
            ("name", self.name is None or self.name in NAMES, f"one of {', '.join(NAMES)} or null"),
            ("q", 0 < self.q <= 1, "a number above 0 and up to 1 (name=bce is the limit at 0)"),
            ("label_smoothing", 0 <= self.label_smoothing < 1, "a share from 0 to below 1"),
            ("lsep_weight", 0 <= self.lsep_weight < inf, "a finite number of at least 0"),
        ):
            if not is_valid:
                raise ValueError(f"expected train.loss.{key} to be {expected}, received {getattr(self, key)}")

    def check(self, kind: str) -> None:
        """Raises LossError where these are settings of another kind of task."""
        if self.name not in (None, *LOSSES[kind]):
            raise LossError(
                f"train.loss.name: expected one of {', '.join(LOSSES[kind])} for {kind}, received {self.name}"
            )
        if self.lsep_weight and kind != "multilabel":
            raise LossError(
                f"train.loss.lsep_weight is for several labels a clip and does nothing for {kind}; set 0"
            )
        if self.label_smoothing and kind == "regression":
            raise LossError("train.loss.label_smoothing is for labels and does nothing for regression; set 0")
