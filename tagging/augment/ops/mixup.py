"""MixUp: images blended with others of their batch."""

from dataclasses import dataclass
from typing import Any, Literal

from foundation.settings import Settings, setting
from tagging.augment.op import Batch, Op


@dataclass(frozen=True)
class MixUpSettings(Settings):
    """MixUp of images: each is blended with another of its batch.

    Method: Zhang et al. 2018, arXiv:1710.09412, where alpha of 0.1 to 0.4 served images best. OR-ed labels
    come from leading FSDKaggle2019 systems: both sounds of a blend can be heard. Off by default.
    """

    alpha: float = setting(
        0.0, "the share is drawn from Beta(alpha, alpha); 0: no MixUp", at_least=0, at_most=1_000
    )
    labels: Literal["mix", "or"] = setting(
        "mix", "`mix` blends the labels as the images; `or` gives the blend all labels of both"
    )

    @property
    def enabled(self) -> bool:
        """Whether any images are blended."""
        return self.alpha > 0


def apply(batch: Batch, seed: Any, mixup: MixUpSettings) -> Batch:
    import tensorflow as tf

    from tagging.augment.mixup import apply_mixup, blend, draw_shares

    shares = draw_shares(tf.shape(batch.inputs)[0], mixup.alpha, seed)
    images, labels = apply_mixup(batch.inputs, batch.labels, shares, mixup.labels)
    return batch._replace(inputs=images, labels=labels, weights=blend(batch.weights, shares))


OPS = (Op(apply, {"mixup": MixUpSettings}, place=500, stream=1, fills_zero=True),)
