"""Waveforms of other clips in a clip."""

from dataclasses import dataclass
from typing import Any

from tagging.augment.checks import check, check_range
from tagging.augment.op import Batch, Op


@dataclass(frozen=True)
class WaveformMixSettings:
    """Waveforms of other clips of the batch added to a clip's own; the mixture has the labels of all of them.

    As recordings mix in the world, and as leading FSDKaggle2019 systems mixed them: both sounds stay whole.

    Attributes:
        probability: share of the clips that get another, 0 (off) to 1.
        min_gain_db: least level (RMS) of another beside the clip's own, in dB.
        max_gain_db: highest such level, in dB; drawn uniformly between both.
        most: largest number of others in a mixture; drawn uniformly from 1.
    """

    probability: float = 0.0
    min_gain_db: float = -10.0
    max_gain_db: float = 0.0
    most: int = 1

    def __post_init__(self) -> None:
        check(0.0 <= self.probability <= 1.0, "waveform_mix.probability", "0 to 1", self.probability)
        check_range("waveform_mix.min_gain_db and max_gain_db", self.min_gain_db, self.max_gain_db)
        check(self.most >= 1, "waveform_mix.most", "1 or more", self.most)

    @property
    def enabled(self) -> bool:
        """Whether any clips are mixed."""
        return self.probability > 0


def apply(batch: Batch, seed: Any, mix: WaveformMixSettings) -> Batch:
    import tensorflow as tf

    from tagging.augment.waveform_mix import apply_mix, draw_mix

    levels_db = draw_mix(tf.shape(batch.inputs)[0], mix, seed)
    waves, labels, weights = apply_mix(batch.inputs, batch.labels, batch.weights, levels_db)
    return batch._replace(inputs=waves, labels=labels, weights=weights)


# After the background: the others of a mixture come with theirs.
OPS = (Op(apply, {"waveform_mix": WaveformMixSettings}, place=300, of_waveforms=True, stream=1),)
