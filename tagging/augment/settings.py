"""What a config can say about augmentation; apart from the code, so that `--help` imports nothing heavy."""

from dataclasses import dataclass, field
from typing import Literal

from tagging.augment.checks import check
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
class SpecAugmentSettings:
    """SpecAugment: masks of silence over frames and bands, and a warp along time.

    Method: Park et al. 2019, arXiv:1904.08779. Two masks along each axis are its policies LD and SM; shares
    of 20 % of the frames and 15 % of the bands are those of a leading FSDKaggle2019 system. No time warp, as
    the paper itself finds it the least useful part (its section 5).

    Attributes:
        enabled: whether any of this happens.
        time_masks: number of masks over frames.
        time_mask_share: largest width of one, as a share of the frames, 0 to 1 (rounded to whole frames).
        freq_masks: number of masks over bands.
        freq_mask_share: largest width of one, as a share of the bands, 0 to 1 (rounded to whole bands).
        time_warp_frames: largest shift of a point in time, in frames; 0: no warp.
    """

    enabled: bool = False
    time_masks: int = 2
    time_mask_share: float = 0.2
    freq_masks: int = 2
    freq_mask_share: float = 0.15
    time_warp_frames: int = 0

    def __post_init__(self) -> None:
        for name in ("time_masks", "freq_masks", "time_warp_frames"):
            value = getattr(self, name)
            check(value >= 0, f"spec_augment.{name}", "0 or more", value)
        for name in ("time_mask_share", "freq_mask_share"):
            value = getattr(self, name)
            check(0.0 <= value <= 1.0, f"spec_augment.{name}", "a share from 0 to 1", value)


@dataclass(frozen=True)
class MixUpSettings:
    """MixUp of images: each is blended with another of its batch.

    Method: Zhang et al. 2018, arXiv:1710.09412, where alpha of 0.1 to 0.4 served images best. OR-ed labels
    come from leading FSDKaggle2019 systems: both sounds of a blend can be heard. Off by default.

    Attributes:
        alpha: the share is drawn from Beta(alpha, alpha); 0: no MixUp.
        labels: `mix` blends the labels as the images; `or` gives the blend all labels of both.
    """

    alpha: float = 0.0
    labels: Literal["mix", "or"] = "mix"

    def __post_init__(self) -> None:
        check(0.0 <= self.alpha < float("inf"), "mixup.alpha", "0 (off) or more", self.alpha)
        check(self.labels in ("mix", "or"), "mixup.labels", "one of ['mix', 'or']", self.labels)


@dataclass(frozen=True)
class CropSettings:
    """Random resized crop: a random rectangle of the image is stretched to the whole.

    Method: Inception's crop (Szegedy et al. 2015, arXiv:1409.4842, section 6), here with a share for each axis
    instead of one of the area: time and frequency are no pair of equals. A smaller share of the frames is a
    faster clip's look slowed down, one of the bands a shifted and stretched pitch.

    Attributes:
        min_time_share: least share of the frames that is kept, over 0 to 1; 1: all of them.
        min_band_share: least share of the bands that is kept, over 0 to 1; 1: all of them.
    """

    min_time_share: float = 1.0
    min_band_share: float = 1.0

    def __post_init__(self) -> None:
        for name in ("min_time_share", "min_band_share"):
            value = getattr(self, name)
            check(0.0 < value <= 1.0, f"crop.{name}", "a share over 0, up to 1 (off)", value)

    @property
    def enabled(self) -> bool:
        """Whether anything is cut off."""
        return min(self.min_time_share, self.min_band_share) < 1.0


@dataclass(frozen=True)
class ImageNoiseSettings:
    """Gaussian noise on every value of the image. Nothing is clipped: a few values leave the image's range.

    Attributes:
        deviation: of the noise, in units of the image: `log_mel` has 255 for `top_db` decibels (3.2 a decibel), after
            `frontend.standardize` 1 is the deviation of a band, a waveform has full scale 1; 0: off.
    """

    deviation: float = 0.0

    def __post_init__(self) -> None:
        check(
            0.0 <= self.deviation < float("inf"), "image_noise.deviation", "0 (off) or more", self.deviation
        )


@dataclass(frozen=True)
class AugmentSettings:
    """What happens to training clips.

    The order: time stretch, pitch shift and speed; background, waveform mix, noise, gain, time shift; front end;
    crop, time warp, image noise, masks, MixUp. A sound is stretched before others join it, so that backgrounds keep
    their time; noise lies under whole mixtures, once. Gain comes after mixing, so that it moves mixtures as it moves
    clips, and masks after the crop, so that it widens none, and after the noise, so that they stay empty.

    Attributes:
        spec_augment: masks and time warp.
        mixup: blending of images, after the masks.
        crop: random resized crop of the image.
        waveform_mix: blending of waveforms.
        background: noisy clips under the waveforms.
        gain: random level.
        time_stretch, pitch_shift, speed: other time, other pitch, or both.
        noise: white noise under the waveforms.
        image_noise: noise on the image.
        time_shift_share: largest circular shift of the window, either way, as a share of its length, 0 (off) to
            0.5 (anywhere).
        keep_originals: each clip comes twice an epoch, once as it is and once augmented.
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
    time_shift_share: float = 0.0
    keep_originals: bool = False

    def __post_init__(self) -> None:
        share = self.time_shift_share
        check(0.0 <= share <= 0.5, "time_shift_share", "0 (off) to 0.5 (anywhere)", share)
        check(
            self.enabled or not self.keep_originals,
            "keep_originals",
            "false while no augmentation is on (clips would come twice, unchanged)",
            "true",
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
