"""White noise under a clip."""

from dataclasses import dataclass
from typing import Any

from tagging.augment.checks import check, check_range
from tagging.augment.op import Batch, Op


@dataclass(frozen=True)
class NoiseSettings:
    """White Gaussian noise under a clip.

    Attributes:
        probability: share of the clips that get it, 0 (off) to 1.
        min_snr_db: least level (RMS) of the clip over the noise, in dB.
        max_snr_db: highest such level, in dB; drawn uniformly between both.
    """

    probability: float = 0.0
    min_snr_db: float = 10.0
    max_snr_db: float = 30.0

    def __post_init__(self) -> None:
        check(0.0 <= self.probability <= 1.0, "noise.probability", "0 to 1", self.probability)
        check_range("noise.min_snr_db and max_snr_db", self.min_snr_db, self.max_snr_db)

    @property
    def enabled(self) -> bool:
        """Whether any clip gets noise."""
        return self.probability > 0


def apply(batch: Batch, seed: Any, noise: NoiseSettings) -> Batch:
    import tensorflow as tf

    from tagging.augment.levels import draw_ratios_db
    from tagging.augment.noise import add_under, draw_noise

    seeds = tf.random.split(seed, 2)
    levels_db = draw_ratios_db(batch.inputs, noise, seeds[0])
    white = draw_noise(tf.shape(batch.inputs), seeds[1])
    return batch._replace(inputs=add_under(batch.inputs, white, levels_db))


# Under whole mixtures, once.
OPS = (Op(apply, {"noise": NoiseSettings}, place=400, of_waveforms=True, stream=5),)
