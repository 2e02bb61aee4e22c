"""What a config can say about augmentation of waveforms."""

from dataclasses import dataclass

from tagging.augment.checks import check, check_range

_FASTEST = 4.0  # and its inverse the slowest: beyond, little of a sound can be told
_HIGHEST = 24.0  # semitones, the same factor of 4


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


@dataclass(frozen=True)
class NoiseSettings:
    """White Gaussian noise under a clip.

    Attributes:
        probability: share of the clips that get it, 0 (off) to 1.
        min_snr_db: least level (RMS) of the clip over the noise, in dB.
        max_snr_db: highest such level, in dB; drawn uniformly between both.
    """

    probability: float = 0.0
    min_snr_db: float = 10.0
    max_snr_db: float = 30.0

    def __post_init__(self) -> None:
        check(0.0 <= self.probability <= 1.0, "noise.probability", "0 to 1", self.probability)
        check_range("noise.min_snr_db and max_snr_db", self.min_snr_db, self.max_snr_db)


def _check_rates(name: str, low: float, high: float) -> None:
    expected = f"{1 / _FASTEST:g} to {_FASTEST:g}, the first at most the second"
    is_range = 1 / _FASTEST <= low <= high <= _FASTEST
    check(is_range, f"{name}.min_rate and max_rate", expected, f"{low} and {high}")
