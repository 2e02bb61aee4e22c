"""What a config can say about the front end."""

from dataclasses import dataclass, fields
from typing import Literal

from foundation.settings import Settings, setting

_HIGHEST_HZ = 384_000  # half of the highest sample rate
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
class FrontendSettings(Settings):
    """From waveform to image; the defaults give (92, 80) for 3 s at 16 kHz.

    A key that the chosen front end does not take keeps its default.
    """

    name: str = setting(
        "log_mel",
        "`log_mel`; `tfio_log_mel` (the same numerics from tensorflow-io's Python ops); `mfcc` (librosa's, from "
        "the same mel bands); `waveform` (samples as frames, one band); or `yamnet`, whose numerics belong to its "
        "weights. A key that the chosen one does not take is refused",
    )
    n_fft: int = setting(
        1024, "FFT size and length of the Hann window", at_least=1, at_most=65_536, unit="samples"
    )
    hop_length: int = setting(512, "distance between frames", at_least=1, at_most=1_000_000, unit="samples")
    n_mels: int = setting(80, "number of HTK mel bands", at_least=1, at_most=2_048)
    fmin_hz: float = setting(
        0.0, "lower edge of the lowest mel band", at_least=0, at_most=_HIGHEST_HZ, unit="Hz"
    )
    fmax_hz: float | None = setting(
        None,
        "upper edge of the highest mel band; null: half the sample rate",
        at_least=1,
        at_most=_HIGHEST_HZ,
        unit="Hz",
    )
    top_db: float = setting(
        80.0,
        "power is cut off this far below the window's own maximum; `log_mel` maps that floor to 0",
        at_least=1e-3,
        at_most=1_000,
        unit="dB",
    )
    channels: Literal[1, 3] | None = setting(
        None,
        "1, or 3 equal channels for networks trained on colour images; null: what the network expects. Of "
        "`log_mel` and `tfio_log_mel`",
    )
    n_mfcc: int = setting(13, "number of coefficients of `mfcc`, up to `n_mels`", at_least=1, at_most=2_048)
    normalize: Literal["none", "peak", "rms"] = setting(
        "none",
        "level of each window before the front end: `none`, `peak` (largest sample 1) or `rms` (-20 dBFS; peaks "
        "may exceed 1). Silent windows stay silent. Of `mfcc`, `waveform` and `yamnet`: `log_mel` images are "
        "relative to the window's own maximum and show no level. It undoes `augment.gain`",
    )
    standardize: bool = setting(
        False,
        "each band to mean 0 and deviation 1 over the training clips. 0 is then the mean of a band instead of "
        "silence, also where masks fill in 0. Not of `yamnet`",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.name in TAKES and (idle := self.idle_keys(self.name)):
            raise ValueError(
                f"frontend.{idle[0]}: frontend.name={self.name} takes only {', '.join(TAKES[self.name])}; leave it out"
            )
        if self.name == "mfcc" and self.n_mfcc > self.n_mels:
            raise ValueError(
                f"expected frontend.n_mfcc of at most n_mels={self.n_mels}, received {self.n_mfcc}; lower it"
            )

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
