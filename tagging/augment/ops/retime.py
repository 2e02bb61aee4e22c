"""Other time, other pitch, or both: time stretch, pitch shift and speed, in one pass."""

from dataclasses import dataclass
from typing import Any

from tagging.augment.checks import check
from tagging.augment.op import Batch, Op

_FASTEST = 4.0  # and its inverse the slowest: beyond, little of a sound can be told
_HIGHEST = 24.0  # semitones, the same factor of 4


@dataclass(frozen=True)
class TimeStretchSettings:
    """Time stretch: the sound runs faster or slower, its pitch stays.

    Attributes:
        min_rate: least rate, 0.25 to 4; 0.5 takes twice as long.
        max_rate: highest rate, to 4; drawn uniformly between both. Both 1: off.
    """

    min_rate: float = 1.0
    max_rate: float = 1.0

    def __post_init__(self) -> None:
        _check_rates("time_stretch", self.min_rate, self.max_rate)

    @property
    def enabled(self) -> bool:
        """Whether any sound is stretched."""
        return (self.min_rate, self.max_rate) != (1.0, 1.0)


@dataclass(frozen=True)
class PitchShiftSettings:
    """Pitch shift: the sound gets higher or lower, its time stays.

    Attributes:
        min_semitones: least shift, -24 to 24; 12 is an octave up.
        max_semitones: highest shift, to 24; drawn uniformly between both. Both 0: off.
    """

    min_semitones: float = 0.0
    max_semitones: float = 0.0

    def __post_init__(self) -> None:
        low, high = self.min_semitones, self.max_semitones
        expected = f"{-_HIGHEST:g} to {_HIGHEST:g}, the first at most the second"
        is_range = -_HIGHEST <= low <= high <= _HIGHEST
        check(is_range, "pitch_shift.min_semitones and max_semitones", expected, f"{low} and {high}")

    @property
    def enabled(self) -> bool:
        """Whether any sound is shifted."""
        return (self.min_semitones, self.max_semitones) != (0.0, 0.0)


@dataclass(frozen=True)
class SpeedSettings:
    """Speed: the sound is resampled, so that time and pitch change together, as on a tape.

    Attributes:
        min_rate: least rate, 0.25 to 4; 0.5 takes twice as long, an octave lower.
        max_rate: highest rate, to 4; drawn uniformly between both. Both 1: off.
    """

    min_rate: float = 1.0
    max_rate: float = 1.0

    def __post_init__(self) -> None:
        _check_rates("speed", self.min_rate, self.max_rate)

    @property
    def enabled(self) -> bool:
        """Whether any sound is resampled."""
        return (self.min_rate, self.max_rate) != (1.0, 1.0)


def _check_rates(name: str, low: float, high: float) -> None:
    expected = f"{1 / _FASTEST:g} to {_FASTEST:g}, the first at most the second"
    is_range = 1 / _FASTEST <= low <= high <= _FASTEST
    check(is_range, f"{name}.min_rate and max_rate", expected, f"{low} and {high}")


def apply(
    batch: Batch, seed: Any, stretch: TimeStretchSettings, pitch: PitchShiftSettings, speed: SpeedSettings
) -> Batch:
    import tensorflow as tf

    from tagging.augment.phase_vocoder import apply_stretch, draw_rates
    from tagging.augment.speed import apply_retiming, draw_semitones

    waves, seeds = batch.inputs, tf.random.split(seed, 3)
    n = tf.shape(waves)[0]
    rates = draw_rates(n, stretch.min_rate, stretch.max_rate, seeds[0])
    if not (pitch.enabled or speed.enabled):  # nothing to be read again: a third of the time less
        return batch._replace(inputs=apply_stretch(waves, rates, tf.ones_like(rates), waves.shape[1]))
    semitones = draw_semitones(n, pitch.min_semitones, pitch.max_semitones, seeds[1])
    speeds = draw_rates(n, speed.min_rate, speed.max_rate, seeds[2])
    highest = 2.0 ** (pitch.max_semitones / 12.0) * speed.max_rate
    return batch._replace(inputs=apply_retiming(waves, rates, semitones, speeds, highest_factor=highest))


# Before others join a sound, so that backgrounds keep their time.
OPS = (
    Op(
        apply,
        {"time_stretch": TimeStretchSettings, "pitch_shift": PitchShiftSettings, "speed": SpeedSettings},
        place=100,
        of_waveforms=True,
        stream=4,
    ),
)
