"""Random level of waveforms."""

from dataclasses import dataclass
from typing import Any

from tagging.augment.checks import check_range
from tagging.augment.op import Batch, Op


@dataclass(frozen=True)
class GainSettings:
    """Random gain, drawn uniformly in dB. `log_mel` images do not show it: their decibels are under the
    window's own maximum; front ends with absolute levels do.

    Attributes:
        min_db: least gain, in dB.
        max_db: highest gain, in dB; less where the peak would pass full scale. Both 0: off.
    """

    min_db: float = 0.0
    max_db: float = 0.0

    def __post_init__(self) -> None:
        check_range("gain.min_db and max_db", self.min_db, self.max_db)

    @property
    def enabled(self) -> bool:
        """Whether any level changes."""
        return (self.min_db, self.max_db) != (0.0, 0.0)


def apply(batch: Batch, seed: Any, gain: GainSettings) -> Batch:
    import tensorflow as tf

    from tagging.augment.gain import apply_gain, draw_gains_db

    gains_db = draw_gains_db(tf.shape(batch.inputs)[0], gain.min_db, gain.max_db, seed)
    return batch._replace(inputs=apply_gain(batch.inputs, gains_db))


# After mixing, so that it moves mixtures as it moves clips. It also keeps what others made within full scale.
OPS = (Op(apply, {"gain": GainSettings}, place=500, of_waveforms=True, stream=2, is_limiter=True),)
