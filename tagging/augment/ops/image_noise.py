"""Noise on images."""

from dataclasses import dataclass
from typing import Any

from foundation.settings import Settings, setting
from tagging.augment.op import Batch, Op, Rows


@dataclass(frozen=True)
class ImageNoiseSettings(Settings):
    """Gaussian noise on every value of the image. Nothing is clipped: a few values leave the image's range."""

    deviation: float = setting(
        0.0,
        "standard deviation of Gaussian noise on every value of the image, in its units: `log_mel` has 255 for "
        "`top_db` decibels (3.2 per decibel), after `frontend.standardize` 1 is the deviation of a band, a "
        "waveform has full scale 1; 0: off. Nothing is clipped",
        at_least=0,
        at_most=1_000_000,
    )

    @property
    def enabled(self) -> bool:
        """Whether there is any noise."""
        return self.deviation > 0


def draw(rows: Rows, seed: Any, noise: ImageNoiseSettings) -> Any:
    from tagging.augment.noise import draw_noise

    return draw_noise((rows.n, *rows.shape[:-1], 1), seed)


def apply(batch: Batch, drawn: Any, noise: ImageNoiseSettings) -> Batch:
    from tagging.augment.noise import apply_image_noise

    return batch._replace(inputs=apply_image_noise(batch.inputs, drawn, noise.deviation))


OPS = (Op(draw, apply, {"image_noise": ImageNoiseSettings}, place=300, stream=3),)
