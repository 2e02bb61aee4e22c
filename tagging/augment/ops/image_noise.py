"""Noise on images."""

from dataclasses import dataclass
from typing import Any

from tagging.augment.checks import check
from tagging.augment.op import Batch, Op


@dataclass(frozen=True)
class ImageNoiseSettings:
    """Gaussian noise on every value of the image. Nothing is clipped: a few values leave the image's range.

    Attributes:
        deviation: of the noise, in units of the image: `log_mel` has 255 for `top_db` decibels (3.2 a decibel), after
            `frontend.standardize` 1 is the deviation of a band, a waveform has full scale 1; 0: off.
    """

    deviation: float = 0.0

    def __post_init__(self) -> None:
        check(
            0.0 <= self.deviation < float("inf"), "image_noise.deviation", "0 (off) or more", self.deviation
        )

    @property
    def enabled(self) -> bool:
        """Whether there is any noise."""
        return self.deviation > 0


def apply(batch: Batch, seed: Any, noise: ImageNoiseSettings) -> Batch:
    import tensorflow as tf

    from tagging.augment.noise import apply_image_noise, draw_noise

    drawn = draw_noise(tf.shape(batch.inputs[..., :1]), seed)
    return batch._replace(inputs=apply_image_noise(batch.inputs, drawn, noise.deviation))


OPS = (Op(apply, {"image_noise": ImageNoiseSettings}, place=300, stream=3),)
