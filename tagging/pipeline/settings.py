"""What a config can say about windows."""

from dataclasses import dataclass
from math import inf
from typing import Literal


@dataclass(frozen=True)
class WindowSettings:
    """Fixed-length windows of clips.

    Attributes:
        window_s: length in seconds; shorter clips are tiled to it.
        candidates: random windows drawn from a longer clip in training, of which the loudest is taken.
        hop_s: seconds between the windows of a clip in validation and prediction.
        average: how a clip's windows become its score: mean of their `probability` or of their `logit`.
    """

    window_s: float = 3.0
    candidates: int = 3
    hop_s: float = 1.5
    average: Literal["probability", "logit"] = "probability"

    def __post_init__(self) -> None:
        for key in ("window_s", "hop_s", "candidates"):
            if not 0 < getattr(self, key) < inf:
                raise ValueError(f"expected a finite window.{key} above 0, received {getattr(self, key)}")

    def window_samples(self, rate_hz: int) -> int:
        return round(self.window_s * rate_hz)

    def hop_samples(self, rate_hz: int) -> int:
        return max(1, round(self.hop_s * rate_hz))
