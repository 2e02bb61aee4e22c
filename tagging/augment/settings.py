"""What a config can say about augmentation; apart from the code, so that `--help` imports nothing heavy."""

from dataclasses import dataclass, field
from typing import Literal


def _check(is_valid: bool, key: str, expected: str, received: object) -> None:
    if not is_valid:
        raise ValueError(f"{key}: expected {expected}, received {received}")


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
            _check(value >= 0, f"spec_augment.{name}", "0 or more", value)
        for name in ("time_mask_share", "freq_mask_share"):
            value = getattr(self, name)
            _check(0.0 <= value <= 1.0, f"spec_augment.{name}", "a share from 0 to 1", value)


@dataclass(frozen=True)
class MixUpSettings:
    """MixUp: each clip is blended with another of its batch.

    Method: Zhang et al. 2018, arXiv:1710.09412, where alpha of 0.1 to 0.4 served images best. OR-ed labels
    come from leading FSDKaggle2019 systems: both sounds of a blend can be heard. Off by default.

    Attributes:
        alpha: the share is drawn from Beta(alpha, alpha); 0: no MixUp.
        labels: `mix` blends the labels as the images; `or` gives the blend all labels of both.
    """

    alpha: float = 0.0
    labels: Literal["mix", "or"] = "mix"

    def __post_init__(self) -> None:
        _check(0.0 <= self.alpha < float("inf"), "mixup.alpha", "0 (off) or more", self.alpha)
        _check(self.labels in ("mix", "or"), "mixup.labels", "one of ['mix', 'or']", self.labels)


@dataclass(frozen=True)
class AugmentSettings:
    """What happens to training images.

    Attributes:
        spec_augment: masks and time warp.
        mixup: blending of clips, after the masks.
        keep_originals: each clip comes twice an epoch, once as it is and once augmented.
    """

    spec_augment: SpecAugmentSettings = field(default_factory=SpecAugmentSettings)
    mixup: MixUpSettings = field(default_factory=MixUpSettings)
    keep_originals: bool = False

    def __post_init__(self) -> None:
        _check(
            self.enabled or not self.keep_originals,
            "keep_originals",
            "false while spec_augment.enabled=false and mixup.alpha=0 (clips would come twice, unchanged)",
            "true",
        )

    @property
    def enabled(self) -> bool:
        """Whether any image is changed."""
        return self.spec_augment.enabled or self.mixup.alpha > 0
