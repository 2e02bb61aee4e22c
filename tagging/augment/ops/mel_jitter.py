"""Mel bands whose lowest and highest edges move."""

from dataclasses import dataclass
from typing import Any

from foundation.settings import Settings, setting
from tagging.augment.op import Batch, Op, Rows


@dataclass(frozen=True)
class MelJitterSettings(Settings):
    """Random edges of the mel bands for each clip, in whole Hz. Only with `frontend.name=mn_log_mel`.

    EfficientAT's networks were trained with ranges of 10 and 2000 (Schmid et al. 2023, arXiv:2211.04772).
    """

    fmin_range_hz: int = setting(
        0,
        "the lowest edge rises by 0 up to less than this; 0: not at all",
        at_least=0,
        at_most=1_000,
        unit="Hz",
    )
    fmax_range_hz: int = setting(
        0,
        "the highest edge moves by more than minus half of this, up to half of this; 0: not at all",
        at_least=0,
        at_most=2_000,
        unit="Hz",
    )

    @property
    def enabled(self) -> bool:
        """Whether any edge moves."""
        return self.fmin_range_hz > 0 or self.fmax_range_hz > 0


def draw(rows: Rows, seed: Any, jitter: MelJitterSettings) -> Any:
    import tensorflow as tf

    seeds = tf.random.split(seed, 2)
    rise, fall = (
        tf.random.stateless_uniform([rows.n], seeds[edge], 0, max(1, reach), tf.int32)
        for edge, reach in enumerate((jitter.fmin_range_hz, jitter.fmax_range_hz))
    )
    return tf.cast(tf.stack([rise, jitter.fmax_range_hz // 2 - fall], axis=1), tf.float32)


def apply(batch: Batch, moves_hz: Any, jitter: MelJitterSettings) -> Batch:
    from keras import ops

    return batch._replace(edges_hz=ops.where(batch.is_augmented[:, None], moves_hz, 0.0))


OPS = (Op(draw, apply, {"mel_jitter": MelJitterSettings}, place=700, of_waveforms=True, needs_edges=True),)
