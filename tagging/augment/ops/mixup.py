"""MixUp: images blended with others of their batch."""

from dataclasses import dataclass
from typing import Any, Literal

from tagging.augment.checks import check
from tagging.augment.op import Batch, Op


@dataclass(frozen=True)
class MixUpSettings:
    """MixUp of images: each is blended with another of its batch.

    Method: Zhang et al. 2018, arXiv:1710.09412, where alpha of 0.1 to 0.4 served images best. OR-ed labels
    come from leading FSDKaggle2019 systems: both sounds of a blend can be heard. Off by default.

    Attributes:
        alpha: the share is drawn from Beta(alpha, alpha); 0: no MixUp.
        labels: `mix` blends the labels as the images; `or` gives the blend all labels of both.
    """

    alpha: float = 0.0
    labels: Literal["mix", "or"] = "mix"

    def __post_init__(self) -> None:
        check(0.0 <= self.alpha < float("inf"), "mixup.alpha", "0 (off) or more", self.alpha)
        check(self.labels in ("mix", "or"), "mixup.labels", "one of ['mix', 'or']", self.labels)

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
