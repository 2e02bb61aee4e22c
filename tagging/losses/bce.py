"""Binary cross-entropy."""

from typing import Any

from keras import ops

from tagging.losses.settings import LossSettings


def multilabel(targets: Any, logits: Any, _settings: LossSettings) -> Any:
    """Mean over classes."""
    return ops.mean(ops.binary_crossentropy(targets, logits, from_logits=True), axis=-1)
