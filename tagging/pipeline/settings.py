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
        short: clips shorter than a window are repeated (`tile`) or end in silence (`pad`).
        only_first: of each clip only its first window is used, in training and prediction.
        average: how a clip's windows become its score: mean of their `probability` or of their `logit` (of
            regression: of their values, either way).
    """

    window_s: float = 3.0
    candidates: int = 3
    hop_s: float = 1.5
    short: Literal["tile", "pad"] = "tile"
    only_first: bool = False
    average: Literal["probability", "logit"] = "probability"

    def __post_init__(self) -> None:
        for key in ("window_s", "hop_s", "candidates"):
            if not 0 < getattr(self, key) < inf:
                raise ValueError(f"expected a finite window.{key} above 0, received {getattr(self, key)}")

    def window_samples(self, rate_hz: int) -> int:
        return round(self.window_s * rate_hz)

    def hop_samples(self, rate_hz: int) -> int:
        return max(1, round(self.hop_s * rate_hz))


@dataclass(frozen=True)
class SequenceSettings:
    """Pieces of stored features, where `cleaning.features.name` makes them.

    Attributes:
        max_steps: longer clips are cut: training takes a random piece, validation and prediction all at half a
            piece's distance.
        fixed: clips shorter than `max_steps` are repeated up to it, as networks without recurrent layers need it;
            else a batch is padded to its longest clip, and the padding is masked.
    """

    max_steps: int = 2048
    fixed: bool = False

    def __post_init__(self) -> None:
        if self.max_steps < 1:
            raise ValueError(f"expected sequence.max_steps of at least 1, received {self.max_steps}")
