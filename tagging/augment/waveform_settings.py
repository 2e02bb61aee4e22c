"""What a config can say about augmentation of waveforms."""

from dataclasses import dataclass

from foundation.settings import Settings, setting

_FASTEST = 4.0  # and its inverse the slowest: beyond, little of a sound can be told
_HIGHEST = 24.0  # semitones, the same factor of 4
_LOUDEST_DB = 200.0


def _level(default: float, sentence: str) -> float:
    return setting(default, sentence, at_least=-_LOUDEST_DB, at_most=_LOUDEST_DB, unit="dB")


def _rate(sentence: str) -> float:
    return setting(1.0, sentence, at_least=1 / _FASTEST, at_most=_FASTEST)


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
    min_gain_db: float = _level(-10.0, "lowest level (RMS) of the other clip relative to the clip's own")
    max_gain_db: float = _level(0.0, "highest such level; drawn uniformly between both")
    most: int = setting(
        1, "largest number of others in a mixture; drawn uniformly from 1", at_least=1, at_most=1_000
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_order("waveform_mix.min_gain_db and max_gain_db", self.min_gain_db, self.max_gain_db)


@dataclass(frozen=True)
class BackgroundSettings(Settings):
    """A random window of a noisy clip under a clip's own; labels stay the clip's."""

    probability: float = setting(
        0.0,
        "share of the clips that get a noisy clip under them, 0: off; labels stay the clip's",
        at_least=0,
        at_most=1,
    )
    min_snr_db: float = _level(10.0, "lowest level (RMS) of the clip over the background")
    max_snr_db: float = _level(30.0, "highest such level; drawn uniformly between both")

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_order("background.min_snr_db and max_snr_db", self.min_snr_db, self.max_snr_db)


@dataclass(frozen=True)
class GainSettings(Settings):
    """Random gain, drawn uniformly in dB. `log_mel` images do not show it: their decibels are under the
    window's own maximum; front ends with absolute levels do.
    """

    min_db: float = _level(0.0, "lowest gain")
    max_db: float = _level(0.0, "highest gain; less where the peak would exceed full scale. Both 0: off")

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_order("gain.min_db and max_db", self.min_db, self.max_db)

    @property
    def enabled(self) -> bool:
        """Whether any level changes."""
        return (self.min_db, self.max_db) != (0.0, 0.0)


@dataclass(frozen=True)
class TimeStretchSettings(Settings):
    """Time stretch: the sound runs faster or slower, its pitch stays."""

    min_rate: float = _rate(
        "lowest rate; the sound runs faster or slower, its pitch stays; 0.5 takes twice as long"
    )
    max_rate: float = _rate("highest rate; drawn uniformly between both. Both 1: off")

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_order("time_stretch.min_rate and max_rate", self.min_rate, self.max_rate)

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
        _check_order("pitch_shift.min_semitones and max_semitones", self.min_semitones, self.max_semitones)

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
        _check_order("speed.min_rate and max_rate", self.min_rate, self.max_rate)

    @property
    def enabled(self) -> bool:
        """Whether any sound is resampled."""
        return (self.min_rate, self.max_rate) != (1.0, 1.0)


@dataclass(frozen=True)
class NoiseSettings(Settings):
    """White Gaussian noise under a clip."""

    probability: float = setting(
        0.0, "share of the clips that get white Gaussian noise under them, 0: off", at_least=0, at_most=1
    )
    min_snr_db: float = _level(10.0, "lowest level (RMS) of the clip over the noise")
    max_snr_db: float = _level(30.0, "highest such level; drawn uniformly between both")

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_order("noise.min_snr_db and max_snr_db", self.min_snr_db, self.max_snr_db)


def _check_order(keys: str, low: float, high: float) -> None:
    if low > high:
        raise ValueError(f"{keys}: expected the first at most the second, received {low} and {high}")
