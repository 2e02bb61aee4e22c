"""Random level of waveforms."""

from dataclasses import dataclass
from typing import Any

from foundation.settings import Settings
from tagging.augment.bounds import check_order, level
from tagging.augment.op import Batch, Op, Rows


@dataclass(frozen=True)
class GainSettings(Settings):
    """Random gain, drawn uniformly in dB. `log_mel` images do not show it: their decibels are under the
    window's own maximum; front ends with absolute levels do.
    """

    min_db: float = level(0.0, "lowest gain")
    max_db: float = level(0.0, "highest gain; less where the peak would exceed full scale. Both 0: off")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_order("gain.min_db and max_db", self.min_db, self.max_db)

    @property
    def enabled(self) -> bool:
        """Whether any level changes."""
        return (self.min_db, self.max_db) != (0.0, 0.0)


def draw(rows: Rows, seed: Any, gain: GainSettings) -> Any:
    from tagging.augment.gain import draw_gains_db

    return draw_gains_db(rows.n, gain.min_db, gain.max_db, seed)


def apply(batch: Batch, gains_db: Any, gain: GainSettings) -> Batch:
    from tagging.augment.gain import apply_gain

    return batch._replace(inputs=apply_gain(batch.inputs, gains_db))


# After mixing, so that it moves mixtures as it moves clips. It also keeps what others made within full scale.
OPS = (Op(draw, apply, {"gain": GainSettings}, place=500, of_waveforms=True, stream=2, is_limiter=True),)
