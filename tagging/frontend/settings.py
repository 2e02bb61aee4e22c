"""What a config can say about the front end."""

from dataclasses import dataclass, fields
from math import inf
from typing import Literal

_MEL = ("n_fft", "hop_length", "n_mels", "fmin_hz", "fmax_hz", "top_db")
TAKES = {
    "log_mel": (*_MEL, "channels", "standardize"),
    "tfio_log_mel": (*_MEL, "channels", "standardize"),
    "mfcc": (*_MEL, "n_mfcc", "normalize", "standardize"),
    "waveform": ("normalize", "standardize"),
    "yamnet": ("normalize",),
    "stored": ("standardize",),
}
"""The keys that each front end takes. `stored` stands for features that were computed offline; it is no `name`."""

FIXED_FRAMES = {"waveform": (1, 1), "yamnet": (400, 160)}
"""Window and hop in samples of front ends that let neither be set."""

ALMOST_A_PATCH = range(96 * 160, 95 * 160 + 400)
"""Samples of windows of 0.96 s, YAMNet's patch, that lack only where its last frames overlap with what follows."""


def lacks_of_a_patch(samples: int) -> int:
    """Samples of silence that YAMNet's front end puts behind a window of so many."""
    return ALMOST_A_PATCH.stop - samples if samples in ALMOST_A_PATCH else 0


@dataclass(frozen=True)
class FrontendSettings:
    """From waveform to image; the defaults give (92, 80) for 3 s at 16 kHz.

    A key that the chosen front end does not take keeps its default.

    Attributes:
        name: `log_mel`; `tfio_log_mel` (the same numerics from tensorflow-io's Python ops); `mfcc`; `waveform`
            (samples as frames, one band); or `yamnet`, whose numerics are a part of its weights.
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
        if self.name in TAKES and (idle := self.idle_keys(self.name)):
            raise ValueError(
                f"frontend.{idle[0]}: frontend.name={self.name} takes only {', '.join(TAKES[self.name])}; leave it out"
            )
        if self.name == "mfcc" and self.n_mfcc > self.n_mels:
            raise ValueError(
                f"expected frontend.n_mfcc of at most n_mels={self.n_mels}, received {self.n_mfcc}; lower it"
            )
        if not 0 < self.top_db < inf:
            raise ValueError(f"expected a finite frontend.top_db above 0, received {self.top_db}")
        if self.channels not in (None, 1, 3):
            raise ValueError(f"expected frontend.channels 1, 3 or null, received {self.channels}")

    def idle_keys(self, name: str) -> list[str]:
        """Keys that were changed, but would do nothing in the front end `name` (of `TAKES`)."""
        own = [part for part in fields(self)[1:] if part.name not in TAKES[name]]
        return [part.name for part in own if getattr(self, part.name) != part.default]

    @property
    def shortest(self) -> int:
        """Samples of the shortest window, one frame."""
        return self._framing[0]

    def frames(self, samples: int) -> int:
        """Frames of a window of so many samples."""
        length, hop = self._framing
        lacking = lacks_of_a_patch(samples) if self.name == "yamnet" else 0
        return 1 + (samples + lacking - length) // hop

    @property
    def _framing(self) -> tuple[int, int]:
        return FIXED_FRAMES.get(self.name, (self.n_fft, self.hop_length))
