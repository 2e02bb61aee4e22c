"""Other time, other pitch, or both: time stretch, pitch shift and speed, in one pass."""

from dataclasses import dataclass
from typing import Any

from foundation.settings import Settings, setting
from tagging.augment.bounds import check_order
from tagging.augment.op import Batch, Op, Rows

_FASTEST = 4.0  # and its inverse the slowest: beyond, little of a sound can be told
_HIGHEST = 24.0  # semitones, the same factor of 4


def _rate(sentence: str) -> float:
    return setting(1.0, sentence, at_least=1 / _FASTEST, at_most=_FASTEST)


@dataclass(frozen=True)
class TimeStretchSettings(Settings):
    """Time stretch: the sound runs faster or slower, its pitch stays."""

    min_rate: float = _rate(
        "lowest rate; the sound runs faster or slower, its pitch stays; 0.5 takes twice as long"
    )
    max_rate: float = _rate("highest rate; drawn uniformly between both. Both 1: off")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_order("time_stretch.min_rate and max_rate", self.min_rate, self.max_rate)

    @property
    def enabled(self) -> bool:
        """Whether any sound is stretched."""
        return (self.min_rate, self.max_rate) != (1.0, 1.0)


@dataclass(frozen=True)
class PitchShiftSettings(Settings):
    """Pitch shift: the sound gets higher or lower, its time stays."""

    min_semitones: float = setting(
        0.0,
        "lowest shift; the sound gets higher or lower, its time stays; 12 is an octave up",
        at_least=-_HIGHEST,
        at_most=_HIGHEST,
        unit="semitones",
    )
    max_semitones: float = setting(
        0.0,
        "highest shift; drawn uniformly between both. Both 0: off",
        at_least=-_HIGHEST,
        at_most=_HIGHEST,
        unit="semitones",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        check_order("pitch_shift.min_semitones and max_semitones", self.min_semitones, self.max_semitones)

    @property
    def enabled(self) -> bool:
        """Whether any sound is shifted."""
        return (self.min_semitones, self.max_semitones) != (0.0, 0.0)


@dataclass(frozen=True)
class SpeedSettings(Settings):
    """Speed: the sound is resampled, so that time and pitch change together, as on a tape."""

    min_rate: float = _rate(
        "lowest rate; the sound is resampled, so that time and pitch change together; 0.5 takes twice as long, an "
        "octave lower"
    )
    max_rate: float = _rate("highest rate; drawn uniformly between both. Both 1: off")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_order("speed.min_rate and max_rate", self.min_rate, self.max_rate)

    @property
    def enabled(self) -> bool:
        """Whether any sound is resampled."""
        return (self.min_rate, self.max_rate) != (1.0, 1.0)


def draw(
    rows: Rows, seed: Any, stretch: TimeStretchSettings, pitch: PitchShiftSettings, speed: SpeedSettings
) -> Any:
    import tensorflow as tf

    from tagging.augment.phase_vocoder import draw_rates
    from tagging.augment.speed import draw_semitones

    seeds = tf.random.split(seed, 3)
    rates = draw_rates(rows.n, stretch.min_rate, stretch.max_rate, seeds[0])
    semitones = draw_semitones(rows.n, pitch.min_semitones, pitch.max_semitones, seeds[1])
    return rates, semitones, draw_rates(rows.n, speed.min_rate, speed.max_rate, seeds[2])


def apply(
    batch: Batch, drawn: Any, stretch: TimeStretchSettings, pitch: PitchShiftSettings, speed: SpeedSettings
) -> Batch:
    import tensorflow as tf

    from tagging.augment.phase_vocoder import apply_stretch
    from tagging.augment.speed import apply_retiming

    waves, (rates, semitones, speeds) = batch.inputs, drawn
    if not (pitch.enabled or speed.enabled):  # nothing to be read again: a third of the time less
        return batch._replace(inputs=apply_stretch(waves, rates, tf.ones_like(rates), waves.shape[1]))
    highest = 2.0 ** (pitch.max_semitones / 12.0) * speed.max_rate
    return batch._replace(inputs=apply_retiming(waves, rates, semitones, speeds, highest_factor=highest))


# Before others join a sound, so that backgrounds keep their time.
OPS = (
    Op(
        draw,
        apply,
        {"time_stretch": TimeStretchSettings, "pitch_shift": PitchShiftSettings, "speed": SpeedSettings},
        place=100,
        of_waveforms=True,
        stream=4,
        is_tensorflow=True,  # a phase vocoder needs complex numbers, and places in float64
    ),
)
