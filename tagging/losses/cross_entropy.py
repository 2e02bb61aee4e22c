"""Cross-entropy of a softmax."""

from typing import Any

from keras import ops

from tagging.losses.settings import LossSettings


def multiclass(targets: Any, logits: Any, _settings: LossSettings) -> Any:
    """-sum(y log p), against shares y of the classes."""
    return -ops.sum(targets * ops.log_softmax(logits, axis=-1), axis=-1)
