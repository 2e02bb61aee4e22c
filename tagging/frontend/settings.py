"""What a config can say about the front end."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, NamedTuple

from foundation.errors import UserError
from foundation.plugins import literal, plugin_names
from foundation.settings import Settings, setting

_HIGHEST_HZ = 384_000  # half of the highest sample rate


class FrontendError(UserError):
    """A front end that cannot be built as asked; the message is one line for the user."""


class Frontend(NamedTuple):
    """What the module of a front end says of it, see `tagging/frontend/__init__.py`."""

    takes: tuple[str, ...]
    framing: tuple[int, int] | None
    padded: tuple[int, int]
    one_frame: bool
    zero_is_silence: bool
    moves_edges: bool
    edges_hz: tuple[float, float] | None


def _declared(file: Path) -> Frontend:
    defaults = {
        "TAKES": (),
        "FRAMING": None,
        "PADDED": (0, 0),
        "ONE_FRAME": False,
        "ZERO_IS_SILENCE": True,
        "MOVES_EDGES": False,
        "EDGES_HZ": None,
    }
    return Frontend(*(literal(file, name, default) for name, default in defaults.items()))


_HERE = Path(__file__).parent
FRONTENDS = {
    name: _declared(_HERE / f"{name}.py") for name in plugin_names(_HERE, excluding=("registry", "settings"))
}
"""The front ends: every other module of this package is one."""

STORED = ("standardize",)
"""The keys that are left for features that were computed offline."""


@dataclass(frozen=True)
class FrontendSettings(Settings):
    """From waveform to image; the defaults give (92, 80) for 3 s at 16 kHz.

    A key that the chosen front end does not take keeps its default.
    """

    name: str = setting(
        "log_mel",
        "a file in `tagging/frontend/`: "
        "`log_mel`; `tfio_log_mel` (the same numerics from tensorflow-io's Python ops); `mfcc` (librosa's, from "
        "the same mel bands); `mfcc_statistics` (their means and standard deviations over the window); `waveform` "
        "(samples as frames, one band); or `yamnet` and `mn_log_mel`, whose numerics belong to the weights of yamnet "
        "and mn. A key that the chosen one does not take is refused",
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
        "1, or 3 equal channels for networks trained on colour images; null: what the network expects. For "
        "`log_mel` and `tfio_log_mel`",
    )
    n_mfcc: int = setting(
        13,
        "number of coefficients of `mfcc` and `mfcc_statistics`, up to `n_mels`",
        at_least=1,
        at_most=2_048,
    )
    normalize: Literal["none", "peak", "rms"] = setting(
        "none",
        "level of each window before the front end: `none`, `peak` (largest sample 1) or `rms` (-20 dBFS; peaks "
        "may exceed 1). Silent windows stay silent. For all but `log_mel` and `tfio_log_mel`, whose "
        "images are relative to the window's own maximum and show no level. It undoes `augment.gain`",
    )
    standardize: bool = setting(
        False,
        "scales each band to mean 0 and standard deviation 1 over the training clips. 0 is then the mean of a band "
        "instead of silence, also where masks fill in 0. Not for `yamnet` and `mn_log_mel`",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        takes = FRONTENDS[self.name].takes if self.name in FRONTENDS else ()
        if self.name in FRONTENDS and (idle := self.idle_keys(takes)):
            raise ValueError(
                f"frontend.{idle[0]}: frontend.name={self.name} takes only {', '.join(takes)}; leave it out"
            )
        if "n_mfcc" in takes and self.n_mfcc > self.n_mels:
            raise ValueError(
                f"expected frontend.n_mfcc of at most n_mels={self.n_mels}, received {self.n_mfcc}; lower it"
            )

    def idle_keys(self, takes: Collection[str]) -> list[str]:
        """Keys that were changed, but would do nothing in a front end that takes only these."""
        own = [part for part in fields(self)[1:] if part.name not in takes]
        return [part.name for part in own if getattr(self, part.name) != part.default]

    @property
    def shortest(self) -> int:
        """Samples of the shortest window, one frame."""
        return self._framing[0]

    @property
    def hop(self) -> int:
        """Samples from one frame to the next."""
        return self._framing[1]

    @property
    def shows_samples(self) -> bool:
        """Whether a frame is a sample: images are then waveforms."""
        return self._framing == (1, 1)

    def frames(self, samples: int) -> int:
        """Frames of a window of so many samples."""
        if FRONTENDS[self.name].one_frame:
            return 1
        length, hop = self._framing
        return 1 + (samples + self.lacking(samples) - length) // hop

    def lacking(self, samples: int) -> int:
        """Samples of silence that the front end puts behind a window of so many."""
        first, end = FRONTENDS[self.name].padded
        return end - samples if first <= samples < end else 0

    def mel_edges_hz(self, rate_hz: int) -> tuple[float, float] | None:
        """Lowest and highest edge of the mel bands of an image in Hz; None: its bands are not mel bands."""
        front_end = FRONTENDS[self.name]
        if "fmin_hz" not in front_end.takes or "n_mfcc" in front_end.takes:
            return front_end.edges_hz
        return self.fmin_hz, self.fmax_hz or rate_hz / 2

    @property
    def _framing(self) -> tuple[int, int]:
        return FRONTENDS[self.name].framing or (self.n_fft, self.hop_length)
