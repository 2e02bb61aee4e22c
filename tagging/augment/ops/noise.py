"""White noise under a clip."""

from dataclasses import dataclass
from typing import Any

from foundation.settings import Settings, setting
from tagging.augment.bounds import check_order, level
from tagging.augment.op import Batch, Op, Rows


@dataclass(frozen=True)
class NoiseSettings(Settings):
    """White Gaussian noise under a clip."""

    probability: float = setting(
        0.0, "share of the clips that get white Gaussian noise under them, 0: off", at_least=0, at_most=1
    )
    min_snr_db: float = level(10.0, "lowest level (RMS) of the clip over the noise")
    max_snr_db: float = level(30.0, "highest such level; drawn uniformly between both")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_order("noise.min_snr_db and max_snr_db", self.min_snr_db, self.max_snr_db)

    @property
    def enabled(self) -> bool:
        """Whether any clip gets noise."""
        return self.probability > 0


def draw(rows: Rows, seed: Any, noise: NoiseSettings) -> Any:
    import tensorflow as tf

    from tagging.augment.levels import draw_ratios_db
    from tagging.augment.noise import draw_noise

    seeds = tf.random.split(seed, 2)
    levels_db = draw_ratios_db(rows.n, noise.probability, noise.min_snr_db, noise.max_snr_db, seeds[0])
    return levels_db, draw_noise((rows.n, *rows.shape), seeds[1])


def apply(batch: Batch, drawn: Any, noise: NoiseSettings) -> Batch:
    from tagging.augment.noise import add_under

    levels_db, white = drawn
    return batch._replace(inputs=add_under(batch.inputs, white, levels_db))


# Under whole mixtures, once.
OPS = (Op(draw, apply, {"noise": NoiseSettings}, place=400, of_waveforms=True, stream=5),)
