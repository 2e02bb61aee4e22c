"""MixUp: images blended with others of their batch."""

from dataclasses import dataclass
from typing import Any, Literal

from foundation.settings import Settings, setting
from tagging.augment.op import Batch, Op, Rows


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


def draw(rows: Rows, seed: Any, mixup: MixUpSettings) -> Any:
    from tagging.augment.mixup import draw_shares

    return draw_shares(rows.n, mixup.alpha, seed)


def apply(batch: Batch, shares: Any, mixup: MixUpSettings) -> Batch:
    from tagging.augment.mixup import apply_mixup, blend

    images, labels = apply_mixup(batch.inputs, batch.labels, shares, mixup.labels)
    return batch._replace(inputs=images, labels=labels, weights=blend(batch.weights, shares))


OPS = (Op(draw, apply, {"mixup": MixUpSettings}, place=500, stream=1, fills_zero=True),)
