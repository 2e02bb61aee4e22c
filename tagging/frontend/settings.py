"""What a config can say about the front end."""

from dataclasses import dataclass, fields
from math import inf

OWN_NUMERICS = {"yamnet": (400, 160)}
"""Front ends that are a part of published weights, with their window and hop in samples."""


@dataclass(frozen=True)
class FrontendSettings:
    """From waveform to image; the defaults give (92, 80) for 3 s at 16 kHz.

    Attributes:
        name: `log_mel`, `tfio_log_mel` (the same numerics from tensorflow-io's Python ops), or `yamnet`, whose numerics
            are a part of its weights: the other keys keep their defaults then.
        n_fft: FFT size and Hann window length, in samples.
        hop_length: samples between frames.
        n_mels: number of HTK mel bands.
        fmin_hz, fmax_hz: edges of the lowest and highest band; `fmax_hz: null` is half the sample rate.
        top_db: decibels under the window's own maximum that map to 0.
        channels: 1, or 3 equal ones for networks trained on colour pictures; null: what the network expects.
    """

    name: str = "log_mel"
    n_fft: int = 1024
    hop_length: int = 512
    n_mels: int = 80
    fmin_hz: float = 0.0
    fmax_hz: float | None = None
    top_db: float = 80.0
    channels: int | None = None

    def __post_init__(self) -> None:
        for key in ("n_fft", "hop_length", "n_mels"):
            if getattr(self, key) < 1:
                raise ValueError(f"expected frontend.{key} of at least 1, received {getattr(self, key)}")
        if self.name in OWN_NUMERICS:
            changed = [f.name for f in fields(self)[1:] if getattr(self, f.name) != f.default]
            if changed:
                raise ValueError(
                    f"frontend.{changed[0]}: frontend.name={self.name} has the numerics of its weights; leave it out"
                )
        if not 0 < self.top_db < inf:
            raise ValueError(f"expected a finite frontend.top_db above 0, received {self.top_db}")
        if self.channels not in (None, 1, 3):
            raise ValueError(f"expected frontend.channels 1, 3 or null, received {self.channels}")

    @property
    def shortest(self) -> int:
        """Samples of the shortest window, one frame."""
        return OWN_NUMERICS.get(self.name, (self.n_fft, self.hop_length))[0]

    def frames(self, samples: int) -> int:
        """Frames of a window of so many samples."""
        length, hop = OWN_NUMERICS.get(self.name, (self.n_fft, self.hop_length))
        return 1 + (samples - length) // hop
