"""What a config can say about features that are made offline, in place of clean audio."""

from dataclasses import dataclass, fields

from foundation.settings import Settings, setting

STORED = "stored"
DECIBELS = ("mel", "fused", "beat_mel", "beat_fused", "mfcc", "mfcc_statistics")
"""Features in which 0 is neither silence nor a mean."""
_STFT = ("n_fft", "hop_length")
_MEL = (*_STFT, "n_mels", "top_db")
KEYS: dict[str | None, tuple[str, ...]] = {
    None: (),
    "mel": (*_MEL, "center"),
    "chroma": (*_STFT, "center"),
    "fused": (*_MEL, "center"),
    "beat_mel": _MEL,  # beats are found in centred frames
    "beat_chroma": _STFT,
    "beat_fused": _MEL,
    "mfcc": (*_MEL, "center", "n_mfcc"),
    "mfcc_statistics": (*_MEL, "center", "n_mfcc"),
    STORED: ("transpose", "bands"),
}
"""The keys that each kind of features listens to; any other must keep its default."""


@dataclass(frozen=True)
class FeatureSettings(Settings):
    """What a clean folder holds: audio, or features of it; docs/features.md has the formulas."""

    name: str | None = setting(
        None,
        "null (audio), `mel`, `chroma`, `fused` (mel and chroma concatenated), `beat_mel`, `beat_chroma`, "
        "`beat_fused` (the same, one step per beat), `mfcc`, `mfcc_statistics` (means and deviations over time), "
        "or `stored`: the files of the data set hold features",
    )
    n_fft: int = setting(
        2048,
        "FFT size and length of the Hann window, at `cleaning.rate_hz`; not used by `stored`",
        at_least=2,
        at_most=65_536,
        unit="samples",
    )
    hop_length: int = setting(
        512,
        "distance between steps (between frames, if steps are beats); not used by `stored`",
        at_least=1,
        at_most=1_000_000,
        unit="samples",
    )
    center: bool = setting(
        True,
        "windows are centred on the time of their step, and the ends are padded with zeros; `false`: they lie "
        "inside the clip. For `mel`, `chroma`, `fused` and MFCC; `beat_*` are always centred",
    )
    n_mels: int = setting(
        128,
        "number of Slaney mel bands, from 0 to half the sample rate; for mel, fused and MFCC",
        at_least=1,
        at_most=2_048,
    )
    top_db: float = setting(
        80.0,
        "log-mel values are cut off this far below the highest of the clip; for mel, fused and MFCC",
        at_least=1e-3,
        at_most=1_000,
        unit="dB",
    )
    n_mfcc: int = setting(
        13,
        "number of coefficients kept, at most `n_mels`; for `mfcc` and `mfcc_statistics`",
        at_least=1,
        at_most=2_048,
    )
    transpose: bool = setting(False, "stored arrays are (bands, steps); for `stored`")
    bands: tuple[int, ...] | None = setting(
        None,
        "`[start, stop]`: bands of stored features to keep, without stop, e.g. `[128,140]`: the chroma "
        "of a fused file; null: all; for `stored`",
        at_least=0,
        at_most=1_000_000,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.name not in KEYS:
            known = ", ".join("null" if name is None else name for name in KEYS)
            raise ValueError(f"cleaning.features.name: expected one of {known}, received {self.name!r}")
        self._check_unused()
        self._check_related()

    def _check_unused(self) -> None:
        for key in fields(self)[1:]:
            if key.name not in KEYS[self.name] and getattr(self, key.name) != key.default:
                name = "null" if self.name is None else self.name
                raise ValueError(
                    f"cleaning.features.{key.name}: expected its default, as name={name} does not use it, "
                    f"received {getattr(self, key.name)!r}: leave it out"
                )

    def _check_related(self) -> None:
        if "n_mfcc" in KEYS[self.name] and self.n_mfcc > self.n_mels:
            raise ValueError(
                f"cleaning.features.n_mfcc: expected at most n_mels={self.n_mels}, received {self.n_mfcc}"
            )
        if self.bands is not None and (len(self.bands) != 2 or self.bands[0] >= self.bands[1]):
            raise ValueError(
                "cleaning.features.bands: expected [start, stop] with 0 <= start < stop, "
                f"received {list(self.bands)}"
            )
