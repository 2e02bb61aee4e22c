"""What a config can say about windows."""

from dataclasses import dataclass
from typing import Literal

from foundation.settings import Settings, setting


@dataclass(frozen=True)
class WindowSettings(Settings):
    """Fixed-length windows of clips."""

    window_s: float = setting(3.0, "length of a window", above=0, at_most=3_600, unit="s")
    candidates: int = setting(
        3,
        "random windows drawn from a longer clip in training, of which the loudest is taken",
        at_least=1,
        at_most=1_000,
    )
    hop_s: float = setting(
        1.5,
        "distance between the windows of a clip in validation and prediction",
        above=0,
        at_most=3_600,
        unit="s",
    )
    short: Literal["tile", "pad"] = setting(
        "tile", "clips shorter than a window are repeated (`tile`) or end in silence (`pad`)"
    )
    only_first: bool = setting(
        False, "only the first window of each clip is used, in training and prediction"
    )
    average: Literal["probability", "logit"] = setting(
        "probability", "what is averaged over a clip's windows (in regression always the values)"
    )

    def window_samples(self, rate_hz: int) -> int:
        return round(self.window_s * rate_hz)

    def hop_samples(self, rate_hz: int) -> int:
        return max(1, round(self.hop_s * rate_hz))


@dataclass(frozen=True)
class PipelineSettings(Settings):
    """How clips become what a network trains on, apart from what they become."""

    device: Literal["auto", "host", "device"] = setting(
        "auto",
        "where training turns windows into augmented images: on the `host`, by the cores of the CPU, while the network "
        "trains; or on the `device` that trains, as part of the training step. `auto`: on a GPU if there is one. What "
        "is random is the same for both, and images are equal within rounding",
    )
    views_dir: str | None = setting(
        None,
        "folder that keeps what frozen backbones make of clips (stages with `views`), so that runs that differ only in "
        "their heads, such as the trials of a sweep, share it; it is never emptied. Null: each stage makes its own and "
        "removes it",
        is_path=True,
    )


@dataclass(frozen=True)
class SequenceSettings(Settings):
    """Pieces of stored features, where `cleaning.features.name` makes them."""

    max_steps: int = setting(
        2048,
        "longer clips are cut: training takes a random piece, validation and prediction take all pieces, half a "
        "piece apart",
        at_least=1,
        at_most=1_000_000,
    )
    fixed: bool = setting(
        False,
        "clips shorter than `max_steps` are repeated up to it, as networks without recurrent layers need it; "
        "otherwise a batch is padded to its longest clip, and the padding is masked",
    )
