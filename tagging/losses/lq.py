"""Generalised cross-entropy, for labels that may be wrong.

Reference: Zhang & Sabuncu 2018, arXiv:1805.07836, equation 6, there for a softmax.
"""

from typing import Any

from keras import ops

from tagging.losses.settings import LossSettings


def multilabel(targets: Any, logits: Any, settings: LossSettings) -> Any:
    """Of each yes or no, mean over classes.

    (1 - p^q) / q with p the probability of the right answer: sigmoid(z) where the class is present, sigmoid(-z) where
    it is not. At q -> 0 it is `bce`, at 1 the mean absolute error; its gradient is that of `bce` times p^q. Linear
    in the targets, as `bce` is, so that soft labels give the expected loss. Computed from log(p), which neither
    saturates nor overflows.
    """
    present = -ops.expm1(settings.q * ops.log_sigmoid(logits)) / settings.q
    absent = -ops.expm1(settings.q * ops.log_sigmoid(-logits)) / settings.q
    return ops.mean(targets * present + (1.0 - targets) * absent, axis=-1)


def multiclass(targets: Any, logits: Any, settings: LossSettings) -> Any:
    """Of a softmax, sum over classes of y (1 - p^q) / q; at q -> 0 it is `cross_entropy`."""
    q = settings.q
    return ops.sum(targets * -ops.expm1(q * ops.log_softmax(logits, axis=-1)) / q, axis=-1)
