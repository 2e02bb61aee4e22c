"""What a config can say about features that are made offline, in place of clean audio."""

from dataclasses import dataclass, fields

from preprocessing.checks import check_count, check_number

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
class FeatureSettings:
    """What a clean folder holds: audio, or features of it; docs/features.md has the formulas.

    Attributes:
        name: null (audio), `mel`, `chroma`, `fused` (mel and chroma side by side), `beat_mel`, `beat_chroma`,
            `beat_fused` (the same, one step a beat), `mfcc`, `mfcc_statistics` (their means and deviations over
            time), or `stored` (the data set's files hold features).
        n_fft: FFT size and Hann window length, in samples at `cleaning.rate_hz`, at least 2.
        hop_length: samples between steps, at least 1.
        center: a step's window is centred on its time, the ends padded with zeros; false: windows lie inside
            the clip. `beat_*` are always centred.
        n_mels: Slaney mel bands from 0 to half the sample rate, of mel, fused and MFCC.
        top_db: decibels under a clip's highest mel value where its log-mel ends, above 0.
        n_mfcc: MFCC that are kept, at most `n_mels`.
        transpose: stored arrays are (bands, steps).
        bands: [start, stop], which bands of stored features are kept, stop not included; null: all.
    """

    name: str | None = None
    n_fft: int = 2048
    hop_length: int = 512
    center: bool = True
    n_mels: int = 128
    top_db: float = 80.0
    n_mfcc: int = 13
    transpose: bool = False
    bands: list[int] | None = None

    def __post_init__(self) -> None:
        if self.name not in KEYS:
            known = ", ".join("null" if name is None else name for name in KEYS)
            raise ValueError(f"cleaning.features.name: expected one of {known}, received {self.name!r}")
        self._check_unused()
        check_count("cleaning.features.n_fft", self.n_fft, 2)
        check_count("cleaning.features.hop_length", self.hop_length, 1)
        check_count("cleaning.features.n_mels", self.n_mels, 1)
        check_count("cleaning.features.n_mfcc", self.n_mfcc, 1)
        check_number("cleaning.features.top_db", self.top_db, 1e-3, 1e3)
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
        if self.bands is not None and (len(self.bands) != 2 or not 0 <= self.bands[0] < self.bands[1]):
            raise ValueError(
                "cleaning.features.bands: expected [start, stop] with 0 <= start < stop, "
                f"received {self.bands}"
            )
