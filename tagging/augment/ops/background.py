"""A noisy clip under a clip."""

from dataclasses import dataclass
from typing import Any

from tagging.augment.checks import check, check_range
from tagging.augment.op import Batch, Op


@dataclass(frozen=True)
class BackgroundSettings:
    """A random window of a noisy clip under a clip's own; labels stay the clip's.

    Attributes:
        probability: share of the clips that get one, 0 (off) to 1.
        min_snr_db: least level (RMS) of the clip over the background, in dB.
        max_snr_db: highest such level, in dB; drawn uniformly between both.
    """

    probability: float = 0.0
    min_snr_db: float = 10.0
    max_snr_db: float = 30.0

    def __post_init__(self) -> None:
        check(0.0 <= self.probability <= 1.0, "background.probability", "0 to 1", self.probability)
        check_range("background.min_snr_db and max_snr_db", self.min_snr_db, self.max_snr_db)

    @property
    def enabled(self) -> bool:
        """Whether any clip gets a background."""
        return self.probability > 0


def apply(batch: Batch, seed: Any, background: BackgroundSettings) -> Batch:
    from tagging.augment.levels import draw_ratios_db
    from tagging.augment.noise import add_under

    levels_db = draw_ratios_db(batch.inputs, background, seed)
    return batch._replace(inputs=add_under(batch.inputs, batch.backgrounds, levels_db))


OPS = (Op(apply, {"background": BackgroundSettings}, place=200, of_waveforms=True, stream=0),)
