"""Losses on multi-label logits, some of which forgive wrong labels.

Each takes targets (batch, classes) from 0 to 1 and logits (batch, classes), and gives a value a clip, (batch,).
"""

from collections.abc import Callable

from keras import ops

from tagging.training.loss_settings import LossSettings

_NOTHING = -1e9  # a logit that adds nothing to a sum of exponentials; finite, so that gradients are


def build_loss(settings: LossSettings) -> Callable:
    """The loss of these settings, (targets, logits) -> (batch,), as `keras.Model.compile` takes it.

    `bce` or `lq` on the smoothed labels y (1 - s) + s / 2, plus `lsep_weight` times LSEP on the labels as they are.

    Keras trains on sum(weight x loss) / batch size. So the weight of a clip means the same in every batch,
    whatever it is batched with, and weights that are all 0.5 halve the loss.
    """

    def loss(targets, logits):
        smooth = targets * (1.0 - settings.label_smoothing) + 0.5 * settings.label_smoothing
        value = lq(smooth, logits, settings.q) if settings.name == "lq" else bce(smooth, logits)
        return value + settings.lsep_weight * lsep(targets, logits) if settings.lsep_weight else value

    return loss


def bce(targets, logits):
    """Binary cross-entropy, mean over classes."""
    return ops.mean(ops.binary_crossentropy(targets, logits, from_logits=True), axis=-1)


def lq(targets, logits, q: float):
    """Generalised cross-entropy of each yes or no, mean over classes.

    (1 - p^q) / q with p the probability of the right answer: sigmoid(z) where the class is present, sigmoid(-z) where
    it is not. At q -> 0 it is `bce`, at 1 the mean absolute error; its gradient is that of `bce` times p^q. Linear
    in the targets, as `bce` is, so that soft labels give the expected loss. Computed from log(p), which neither
    saturates nor overflows.

    Reference: Zhang & Sabuncu 2018, arXiv:1805.07836, equation 6, there for a softmax.
    """
    present = -ops.expm1(q * ops.log_sigmoid(logits)) / q
    absent = -ops.expm1(q * ops.log_sigmoid(-logits)) / q
    return ops.mean(targets * present + (1.0 - targets) * absent, axis=-1)


def lsep(targets, logits):
    """Log-sum-exp pairwise rank loss: log(1 + sum over (present v, absent u) of exp(z_u - z_v)).

    A class is present where its target is at least 0.5, as in the metric `LWLRAP`: of a pair that MixUp blended, the
    clip with the larger share. A clip with no class present, or none absent, gives 0. The double sum is the product
    of two sums, so that memory grows with the classes and not with their pairs.

    Reference: Li, Song & Luo 2017, arXiv:1704.03135, equation 4, over all pairs.
    """
    present = targets >= 0.5
    absent_sum = ops.logsumexp(ops.where(present, _NOTHING, logits), axis=-1)
    present_sum = ops.logsumexp(ops.where(present, -logits, _NOTHING), axis=-1)
    return ops.softplus(absent_sum + present_sum)
