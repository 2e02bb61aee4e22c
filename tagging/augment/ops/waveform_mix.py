"""Waveforms of other clips in a clip."""

from dataclasses import dataclass
from typing import Any

from foundation.settings import Settings, setting
from tagging.augment.bounds import check_order, level
from tagging.augment.op import Batch, Op, Rows


@dataclass(frozen=True)
class WaveformMixSettings(Settings):
    """Waveforms of other clips of the batch added to a clip's own; the mixture has the labels of all of them.

    As recordings mix in the world, and as leading FSDKaggle2019 systems mixed them: both sounds stay whole.
    """

    probability: float = setting(
        0.0,
        "share of the clips that get another, 0: off; a mixture has the labels of all its clips",
        at_least=0,
        at_most=1,
    )
    min_gain_db: float = level(-10.0, "lowest level (RMS) of the other clip relative to the clip's own")
    max_gain_db: float = level(0.0, "highest such level; drawn uniformly between both")
    most: int = setting(
        1, "largest number of others in a mixture; drawn uniformly from 1", at_least=1, at_most=1_000
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        check_order("waveform_mix.min_gain_db and max_gain_db", self.min_gain_db, self.max_gain_db)

    @property
    def enabled(self) -> bool:
        """Whether any clips are mixed."""
        return self.probability > 0


def draw(rows: Rows, seed: Any, mix: WaveformMixSettings) -> Any:
    from tagging.augment.waveform_mix import draw_mix

    return draw_mix(rows.n, mix.probability, (mix.min_gain_db, mix.max_gain_db), mix.most, seed)


def apply(batch: Batch, levels_db: Any, mix: WaveformMixSettings) -> Batch:
    from tagging.augment.waveform_mix import apply_mix

    waves, labels, weights = apply_mix(batch.inputs, batch.labels, batch.weights, levels_db)
    return batch._replace(inputs=waves, labels=labels, weights=weights)


# After the background: the others of a mixture come with theirs.
OPS = (Op(draw, apply, {"waveform_mix": WaveformMixSettings}, place=300, of_waveforms=True, stream=1),)
