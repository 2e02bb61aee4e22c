"""LSEP, a loss of ranks, which can be added to those of several labels."""

from typing import Any

from keras import ops

_NOTHING = -1e9  # a logit that adds nothing to a sum of exponentials; finite, so that gradients are


def lsep(targets: Any, logits: Any) -> Any:
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
