"""What a config can say about augmentation; apart from the code, so that `--help` imports nothing heavy."""

from dataclasses import dataclass, field
from typing import Literal

from foundation.settings import Settings, setting
from tagging.augment.waveform_settings import (
    BackgroundSettings,
    GainSettings,
    NoiseSettings,
    PitchShiftSettings,
    SpeedSettings,
    TimeStretchSettings,
    WaveformMixSettings,
)


@dataclass(frozen=True)
class SpecAugmentSettings(Settings):
    """SpecAugment: masks of silence over frames and bands, and a warp along time.

    Method: Park et al. 2019, arXiv:1904.08779. Two masks along each axis are its policies LD and SM; shares
    of 20 % of the frames and 15 % of the bands are those of a leading FSDKaggle2019 system. No time warp, as
    the paper itself finds it the least useful part (its section 5).
    """

    enabled: bool = setting(False, "whether SpecAugment is on")
    time_masks: int = setting(2, "number of masks over frames", at_least=0, at_most=1_000)
    time_mask_share: float = setting(
        0.2,
        "largest width of a mask, as a share of the frames (rounded to whole frames)",
        at_least=0,
        at_most=1,
    )
    freq_masks: int = setting(2, "number of masks over bands", at_least=0, at_most=1_000)
    freq_mask_share: float = setting(
        0.15,
        "largest width of a mask, as a share of the bands (rounded to whole bands)",
        at_least=0,
        at_most=1,
    )
    time_warp_frames: int = setting(
        0, "largest shift of a point in time; 0: no warp", at_least=0, at_most=1_000_000, unit="frames"
    )


@dataclass(frozen=True)
class MixUpSettings(Settings):
    """MixUp of images: each is blended with another of its batch.

    Method: Zhang et al. 2018, arXiv:1710.09412, where alpha of 0.1 to 0.4 served images best. OR-ed labels
    come from leading FSDKaggle2019 systems: both sounds of a blend can be heard. Off by default.
    """

    alpha: float = setting(
        0.0, "the share is drawn from Beta(alpha, alpha); 0: no MixUp", at_least=0, at_most=1_000
    )
    labels: Literal["mix", "or"] = setting(
        "mix", "`mix` blends the labels as the images; `or` gives the blend all labels of both"
    )


@dataclass(frozen=True)
class CropSettings(Settings):
    """Random resized crop: a random rectangle of the image is stretched to the whole.

    Method: Inception's crop (Szegedy et al. 2015, arXiv:1409.4842, section 6), here with a share for each axis
    instead of one of the area: time and frequency are no pair of equals. A smaller share of the frames is a
    faster clip's look slowed down, one of the bands a shifted and stretched pitch.
    """

    min_time_share: float = setting(
        1.0, "lowest share of the frames that is kept; 1: all of them", above=0, at_most=1
    )
    min_band_share: float = setting(
        1.0, "lowest share of the bands that is kept; 1: all of them", above=0, at_most=1
    )

    @property
    def enabled(self) -> bool:
        """Whether anything is cut off."""
        return min(self.min_time_share, self.min_band_share) < 1.0


@dataclass(frozen=True)
class ImageNoiseSettings(Settings):
    """Gaussian noise on every value of the image. Nothing is clipped: a few values leave the image's range."""

    deviation: float = setting(
        0.0,
        "standard deviation of Gaussian noise on every value of the image, in its units: `log_mel` has 255 for "
        "`top_db` decibels (3.2 per decibel), after `frontend.standardize` 1 is the deviation of a band, a "
        "waveform has full scale 1; 0: off. Nothing is clipped",
        at_least=0,
        at_most=1_000_000,
    )


@dataclass(frozen=True)
class AugmentSettings(Settings):
    """What happens to training clips.

    The order: time stretch, pitch shift and speed; background, waveform mix, noise, gain, time shift; front end;
    crop, time warp, image noise, masks, MixUp. A sound is stretched before others join it, so that backgrounds keep
    their time; noise lies under whole mixtures, once. Gain comes after mixing, so that it moves mixtures as it moves
    clips, and masks after the crop, so that it widens none, and after the noise, so that they stay empty.
    """

    spec_augment: SpecAugmentSettings = field(default_factory=SpecAugmentSettings)
    mixup: MixUpSettings = field(default_factory=MixUpSettings)
    crop: CropSettings = field(default_factory=CropSettings)
    waveform_mix: WaveformMixSettings = field(default_factory=WaveformMixSettings)
    background: BackgroundSettings = field(default_factory=BackgroundSettings)
    gain: GainSettings = field(default_factory=GainSettings)
    time_stretch: TimeStretchSettings = field(default_factory=TimeStretchSettings)
    pitch_shift: PitchShiftSettings = field(default_factory=PitchShiftSettings)
    speed: SpeedSettings = field(default_factory=SpeedSettings)
    noise: NoiseSettings = field(default_factory=NoiseSettings)
    image_noise: ImageNoiseSettings = field(default_factory=ImageNoiseSettings)
    time_shift_share: float = setting(
        0.0,
        "largest circular shift of the window in either direction, as a share of its length, 0: off, 0.5: anywhere",
        at_least=0,
        at_most=0.5,
    )
    keep_originals: bool = setting(False, "each clip comes twice per epoch, once as it is and once augmented")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.keep_originals and not self.enabled:
            raise ValueError(
                "keep_originals: expected false while no augmentation is on (clips would come twice, unchanged), "
                "received true"
            )

    @property
    def changes_images(self) -> bool:
        """Whether anything happens after the front end."""
        parts = (
            self.spec_augment.enabled,
            self.mixup.alpha > 0,
            self.crop.enabled,
            self.image_noise.deviation > 0,
        )
        return any(parts)

    @property
    def retimes(self) -> bool:
        """Whether the time or pitch of any sound changes."""
        return self.time_stretch.enabled or self.pitch_shift.enabled or self.speed.enabled

    @property
    def changes_waveforms(self) -> bool:
        """Whether anything happens before the front end."""
        added = max(self.waveform_mix.probability, self.background.probability, self.noise.probability)
        return added > 0 or self.retimes or self.gain.enabled or self.time_shift_share > 0

    @property
    def of_fixed_frames(self) -> list[str]:
        """Keys that are on and need images of a fixed number of frames, which stored sequences do not have."""
        is_on = {
            "crop.min_time_share": self.crop.min_time_share < 1.0,
            "spec_augment.time_warp_frames": self.spec_augment.enabled
            and self.spec_augment.time_warp_frames > 0,
        }
        return [key for key, on in is_on.items() if on]

    @property
    def enabled(self) -> bool:
        """Whether any clip is changed."""
        return self.changes_waveforms or self.changes_images
