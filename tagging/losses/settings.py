"""What a config can say about the loss."""

from dataclasses import dataclass
from pathlib import Path

from foundation.errors import UserError
from foundation.plugins import functions, plugin_names
from foundation.settings import Settings, setting

NAMES = plugin_names(Path(__file__).parent, excluding=("registry", "settings"))
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
class LossSettings(Settings):
    """What a network is trained to lower; see `tagging/losses/` for the formulas.

    Noisy labels: `lq` believes a label the less, the surer the network is of the opposite. With sigmoids its q has
    to stay smaller than with a softmax: a class that a share s of the clips has is drawn to the logit
    ln(s / (1 - s)) / (1 - q). For one class in 80, q = 0.7 (usual with a softmax) means a probability of 5e-7, where
    positives teach nothing any more; q = 0.3 means 0.002.
    """

    name: str | None = setting(
        None,
        "a file in `tagging/losses/`: "
        "`bce` (binary cross-entropy) or `lq` (generalized cross-entropy, for labels that may be wrong); with one "
        "label per clip `cross_entropy` or `lq`; in regression `mse`, `mae` or `huber`; null: the first of its "
        "task",
    )
    q: float = setting(
        0.3, "only for `lq`: near 0 it is `bce`, 1 is the mean absolute error", above=0, at_most=1
    )
    label_smoothing: float = setting(
        0.0,
        "labels move by this share towards 0.5, or with one label per clip towards all classes alike",
        at_least=0,
        below=1,
    )
    lsep_weight: float = setting(
        0.0,
        "weight of the rank loss LSEP, which is added; 0: none. LSEP starts near the logarithm of the number of "
        "classes, `bce` near 0.7",
        at_least=0,
        at_most=1_000_000,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.name not in (None, *NAMES):
            raise ValueError(
                f"train.loss.name: expected one of {', '.join(NAMES)} or null, received {self.name}"
            )

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
