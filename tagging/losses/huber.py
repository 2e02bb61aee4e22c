"""Huber's loss."""

from typing import Any

from keras import ops

from tagging.losses.settings import LossSettings


def regression(targets: Any, values: Any, _settings: LossSettings) -> Any:
    """Mean over targets: e^2 / 2 for errors e up to 1, beyond that |e| - 1/2."""
    error = ops.abs(targets - values)
    return ops.mean(ops.where(error <= 1.0, 0.5 * ops.square(error), error - 0.5), axis=-1)
