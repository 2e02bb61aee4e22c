"""Losses by name."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from keras import ops

from tagging.losses.parts.lsep import lsep
from tagging.losses.settings import LOSSES, LossSettings


def build_loss(settings: LossSettings, kind: str = "multilabel") -> Callable:
    """The loss of these settings for a kind of task, (targets, outputs) -> (batch,), as `keras.Model.compile` takes it.

    Several labels y are smoothed to y (1 - s) + s / 2, and `lsep_weight` times LSEP on the labels as they are is
    added. One label is smoothed to y (1 - s) + s / classes, where labels that mixing has made many share the clip
    alike.

    Keras trains on sum(weight x loss) / batch size. So the weight of a clip means the same in every batch,
    whatever it is batched with, and weights that are all 0.5 halve the loss.

    Raises:
        LossError: a loss of another kind of task.
    """
    settings.check(kind)
    module = import_module(f"tagging.losses.{settings.name or LOSSES[kind][0]}")
    value_of, prepare = getattr(module, kind), _PREPARED[kind]

    def loss(targets: Any, outputs: Any) -> Any:
        value = value_of(prepare(targets, settings.label_smoothing), outputs, settings)
        return value + settings.lsep_weight * lsep(targets, outputs) if settings.lsep_weight else value

    return loss


def mean_loss(settings: LossSettings, kind: str, targets: Any, logits: Any) -> float:
    """The loss of these settings over all clips, each weighing 1: `val_loss` of validation clips.

    Args:
        settings: of the loss.
        kind: of the task.
        targets, logits: (clips, classes).
    """
    targets, logits = (ops.convert_to_tensor(each, "float32") for each in (targets, logits))
    return float(ops.mean(build_loss(settings, kind)(targets, logits)))


def _smooth_labels(targets: Any, smoothing: float) -> Any:
    return targets * (1.0 - smoothing) + 0.5 * smoothing


def _smooth_shares(targets: Any, smoothing: float) -> Any:
    shares = targets / ops.maximum(ops.sum(targets, axis=-1, keepdims=True), 1e-7)
    return shares * (1.0 - smoothing) + smoothing / targets.shape[-1]


_PREPARED = {
    "multilabel": _smooth_labels,
    "multiclass": _smooth_shares,
    "regression": lambda targets, _: targets,
}
