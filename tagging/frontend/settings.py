"""What a config can say about the front end."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from math import inf
from pathlib import Path
from typing import Literal, NamedTuple

from foundation.errors import UserError
from foundation.plugins import literal, plugin_names


class FrontendError(UserError):
    """A front end that cannot be built as asked; the message is one line for the user."""


class Frontend(NamedTuple):
    """What the module of a front end says of it, see `tagging/frontend/__init__.py`."""

    takes: tuple[str, ...]
    framing: tuple[int, int] | None
    padded: tuple[int, int]
    zero_is_silence: bool


def _declared(file: Path) -> Frontend:
    defaults = {"TAKES": (), "FRAMING": None, "PADDED": (0, 0), "ZERO_IS_SILENCE": True}
    return Frontend(*(literal(file, name, default) for name, default in defaults.items()))


_HERE = Path(__file__).parent
FRONTENDS = {
    name: _declared(_HERE / f"{name}.py") for name in plugin_names(_HERE, besides=("registry", "settings"))
}
"""The front ends: every other module of this package is one."""

STORED = ("standardize",)
"""The keys that are left for features that were computed offline."""


@dataclass(frozen=True)
class FrontendSettings:
    """From waveform to image; the defaults give (92, 80) for 3 s at 16 kHz.

    A key that the chosen front end does not take keeps its default.

    Attributes:
        name: a file in `tagging/frontend/`: `log_mel`; `tfio_log_mel` (the same numerics from tensorflow-io's Python
            ops); `mfcc`; `waveform` (samples as frames, one band); or `yamnet`, whose numerics are a part of its
            weights.
        n_fft: FFT size and Hann window length, in samples.
        hop_length: samples between frames.
        n_mels: number of HTK mel bands.
        fmin_hz, fmax_hz: edges of the lowest and highest band; `fmax_hz: null` is half the sample rate.
        top_db: decibels under the window's own maximum where power is cut off; `log_mel` maps that floor to 0.
        channels: 1, or 3 equal ones for networks trained on colour pictures; null: what the network expects.
            Of `log_mel` and `tfio_log_mel`.
        n_mfcc: number of coefficients of `mfcc`, up to n_mels.
        normalize: level of each window before anything else: `none`, `peak` (largest sample 1) or `rms` (-20 dB
            under full scale; peaks may pass 1). Silent windows stay. Of `mfcc`, `waveform` and `yamnet`: `log_mel`
            images are under the window's own maximum and show no level. It undoes `augment.gain`.
        standardize: each band to mean 0 and deviation 1 over the training clips. 0 is then the mean of a band
            instead of silence, and so is what masks fill in. Not of `yamnet`.
    """

    name: str = "log_mel"
    n_fft: int = 1024
    hop_length: int = 512
    n_mels: int = 80
    fmin_hz: float = 0.0
    fmax_hz: float | None = None
    top_db: float = 80.0
    channels: int | None = None
    n_mfcc: int = 13
    normalize: Literal["none", "peak", "rms"] = "none"
    standardize: bool = False

    def __post_init__(self) -> None:
        for key in ("n_fft", "hop_length", "n_mels", "n_mfcc"):
            if getattr(self, key) < 1:
                raise ValueError(f"expected frontend.{key} of at least 1, received {getattr(self, key)}")
        if self.normalize not in ("none", "peak", "rms"):
            raise ValueError(f"expected frontend.normalize none, peak or rms, received {self.normalize}")
        takes = FRONTENDS[self.name].takes if self.name in FRONTENDS else ()
        if self.name in FRONTENDS and (idle := self.idle_keys(takes)):
            raise ValueError(
                f"frontend.{idle[0]}: frontend.name={self.name} takes only {', '.join(takes)}; leave it out"
            )
        if self.name == "mfcc" and self.n_mfcc > self.n_mels:
            raise ValueError(
                f"expected frontend.n_mfcc of at most n_mels={self.n_mels}, received {self.n_mfcc}; lower it"
            )
        if not 0 < self.top_db < inf:
            raise ValueError(f"expected a finite frontend.top_db above 0, received {self.top_db}")
        if self.channels not in (None, 1, 3):
            raise ValueError(f"expected frontend.channels 1, 3 or null, received {self.channels}")

    def idle_keys(self, takes: Collection[str]) -> list[str]:
        """Keys that were changed, but would do nothing in a front end that takes only these."""
        own = [part for part in fields(self)[1:] if part.name not in takes]
        return [part.name for part in own if getattr(self, part.name) != part.default]

    @property
    def shortest(self) -> int:
        """Samples of the shortest window, one frame."""
        return self._framing[0]

    def frames(self, samples: int) -> int:
        """Frames of a window of so many samples."""
        length, hop = self._framing
        return 1 + (samples + self.lacking(samples) - length) // hop

    def lacking(self, samples: int) -> int:
        """Samples of silence that the front end puts behind a window of so many."""
        first, end = FRONTENDS[self.name].padded
        return end - samples if first <= samples < end else 0

    @property
    def _framing(self) -> tuple[int, int]:
        return FRONTENDS[self.name].framing or (self.n_fft, self.hop_length)
