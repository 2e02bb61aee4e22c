"""Sample rates of the sources, and the bands that hold no sound."""

import numpy as np
import pandas as pd

from foundation.words import counted, listed
from tagging.doctor.finding import Finding, percent
from tagging.doctor.survey import Survey
from tagging.frontend.parts.mel import empty_bands, mel_bank
from tagging.frontend.settings import FRONTENDS

NARROW = 0.75  # of half the clean rate: sound that ends below it leaves a quarter of the bands empty
NARROW_SHARE = 0.95  # of the clips, so that no rare wide one loses anything
MIXED_SHARE = 0.05  # of the clips, or more, come from a narrower source than the others
_RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_TOLERANCE = 1.03  # resampling filters have slopes


def describe(survey: Survey) -> dict[str, str]:
    rates = _rates(survey)
    if rates.empty:
        return {}
    counts = rates.value_counts()
    shown = listed([f"{rate} Hz in {counted(count, 'clip')}" for rate, count in counts.items()], 4)
    lines = {"source rate": f"{shown} (rate_hz={survey.config.cleaning.rate_hz})"}
    if len(edges := _edges(survey)):
        low, middle, high = np.percentile(edges, (5, 50, 95))
        lines["sound reaches up to"] = f"{low:.0f} / {middle:.0f} / {high:.0f} Hz (5, 50, 95 %)"
    return lines


def narrow_sound(survey: Survey) -> Finding | None:
    """Fires where 95 % of the clips end below three quarters of the clean band, and a lower rate holds them."""
    rate_hz, edges = survey.config.cleaning.rate_hz, _edges(survey)
    if not len(edges):
        return None
    edge = float(np.percentile(edges, 100 * NARROW_SHARE))
    lower = [rate for rate in _RATES_HZ if edge <= _TOLERANCE * rate / 2]
    if edge >= NARROW * rate_hz / 2 or not lower or lower[0] >= rate_hz:
        return None
    upsampled = float((_rates(survey) < rate_hz).mean())
    return Finding(
        "empty bands",
        f"{percent(NARROW_SHARE)} of the clips have no sound above {edge:.0f} Hz, and images reach up to "
        f"{_highest_hz(survey):.0f} Hz (cleaning.rate_hz={rate_hz}; {percent(upsampled)} of the clips are upsampled)",
        _why_narrow(survey, lower[0]),
        _narrower(survey, lower[0]),
        is_grave=True,
    )


def mixed_rates(survey: Survey) -> Finding | None:
    """Fires where 5 to 95 % of the clips have a source rate that leaves a quarter of the bands empty."""
    rate_hz, rates = survey.config.cleaning.rate_hz, _rates(survey)
    narrow = rates[rates < NARROW * min(rate_hz, 2 * _highest_hz(survey))]
    if not MIXED_SHARE < len(narrow) / max(len(rates), 1) < NARROW_SHARE:
        return None
    top_hz = int(narrow.min()) / 2
    return Finding(
        "two kinds of sources",
        f"{len(narrow)} of {len(rates)} clips have a source rate of at most {narrow.max()} Hz and are upsampled to "
        f"{rate_hz} Hz; the others have sound in the bands that these lack",
        "A network can learn the kind of source instead of the sound; bands that all clips have do not show it.",
        (f"frontend.fmax_hz={top_hz:g}",) if "fmax_hz" in _takes(survey) else (),
    )


def empty_mel_bands(survey: Survey) -> Finding | None:
    """Fires where mel bands are narrower than the bins of the FFT, which the front end refuses."""
    frontend, rate_hz = survey.config.frontend, survey.config.cleaning.rate_hz
    if "n_mels" not in _takes(survey):
        return None

    def empty(n_mels: int) -> int:
        return empty_bands(mel_bank(rate_hz, frontend.n_fft, n_mels, frontend.fmin_hz, frontend.fmax_hz))

    if not (count := empty(frontend.n_mels)):
        return None
    fits = next((n for n in range(frontend.n_mels - 1, 0, -1) if not empty(n)), None)
    return Finding(
        "mel bands without a bin",
        f"{count} of frontend.n_mels={frontend.n_mels} bands are narrower than a bin of n_fft={frontend.n_fft}",
        "The front end refuses such bands; fewer of them are wider.",
        (f"frontend.n_mels={fits}",) if fits else (),
        is_grave=True,
    )


def _narrower(survey: Survey, rate_hz: int) -> tuple[str, ...]:
    """A lower rate with as many frames per second; () for front ends that belong to their rate."""
    if "fmax_hz" not in _takes(survey):
        return ()
    frontend = survey.config.frontend
    hop = max(1, round(frontend.hop_length * rate_hz / survey.config.cleaning.rate_hz))
    highest = ("frontend.fmax_hz=null",) if (frontend.fmax_hz or 0) > rate_hz / 2 else ()
    return (f"cleaning.rate_hz={rate_hz}", f"frontend.hop_length={hop}", *highest)


def _why_narrow(survey: Survey, rate_hz: int) -> str:
    if "fmax_hz" not in _takes(survey):
        return f"The rate belongs to frontend.name={survey.config.frontend.name}: expect lower scores here."
    return (
        f"At {rate_hz} Hz all bands hold sound; with this hop_length, images have as many frames as before."
    )


def _takes(survey: Survey) -> tuple[str, ...]:
    return FRONTENDS[survey.config.frontend.name].takes


def _highest_hz(survey: Survey) -> float:
    return survey.config.frontend.fmax_hz or survey.config.cleaning.rate_hz / 2


def _rates(survey: Survey) -> pd.Series:
    """Source rates in Hz of the clips that have one."""
    rates = survey.usable["rate_in_hz"]
    return rates[rates > 0]


def _edges(survey: Survey) -> np.ndarray:
    """Frequencies up to which the clips have sound, of those that were listened to and are not silent."""
    return survey.heard["top_hz"].dropna().to_numpy(float)


RULES = (narrow_sound, mixed_rates, empty_mel_bands)
