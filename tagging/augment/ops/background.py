"""A noisy clip under a clip."""

from dataclasses import dataclass
from typing import Any

from foundation.settings import Settings, setting
from tagging.augment.bounds import check_order, level
from tagging.augment.op import Batch, Op, Rows


@dataclass(frozen=True)
class BackgroundSettings(Settings):
    """A random window of a noisy clip under a clip's own; labels stay the clip's."""

    probability: float = setting(
        0.0,
        "share of the clips that get a noisy clip under them, 0: off; labels stay the clip's",
        at_least=0,
        at_most=1,
    )
    min_snr_db: float = level(10.0, "lowest level (RMS) of the clip over the background")
    max_snr_db: float = level(30.0, "highest such level; drawn uniformly between both")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_order("background.min_snr_db and max_snr_db", self.min_snr_db, self.max_snr_db)

    @property
    def enabled(self) -> bool:
        """Whether any clip gets a background."""
        return self.probability > 0


def draw(rows: Rows, seed: Any, background: BackgroundSettings) -> Any:
    from tagging.augment.levels import draw_ratios_db

    ratios = (background.probability, background.min_snr_db, background.max_snr_db)
    return draw_ratios_db(rows.n, *ratios, seed)


def apply(batch: Batch, levels_db: Any, background: BackgroundSettings) -> Batch:
    from tagging.augment.noise import add_under

    return batch._replace(inputs=add_under(batch.inputs, batch.backgrounds, levels_db))


OPS = (Op(draw, apply, {"background": BackgroundSettings}, place=200, of_waveforms=True, stream=0),)
