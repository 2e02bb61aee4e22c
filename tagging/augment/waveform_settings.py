"""What a config can say about augmentation of waveforms."""

from dataclasses import dataclass

from tagging.augment.checks import check, check_range


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
