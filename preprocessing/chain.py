"""The cleaning chain in memory, mono -> soxr -> int16 -> silence. Cleaning and prediction share it."""

from dataclasses import dataclass

import numpy as np

from preprocessing.decode import DecodeError, check_waveform
from preprocessing.resample import resample, to_mono, to_pcm16
from preprocessing.settings import CleaningSettings, SilenceRule, rule_for
from preprocessing.silence import energy_per_ms, join, kept_ranges


@dataclass(frozen=True)
class Cleaned:
    """One clip after cleaning.

    Attributes:
        pcm: shape (frames,), int16, mono at the settings' rate.
        clipped: samples that lay beyond full scale after resampling.
        status: `ok` or `kept_whole`.
        reason: why it was kept whole; else "".
        kept: (start, end) of what was kept, in samples of the whole clip at the settings' rate: where in
            the raw clip a clean sample comes from.
    """

    pcm: np.ndarray
    clipped: int
    status: str
    reason: str
    kept: list[tuple[int, int]]


def clean_waveform(
    samples: np.ndarray, rate_hz: int, rules: list[SilenceRule], settings: CleaningSettings
) -> Cleaned:
    """Cleans decoded audio.

    Args:
        samples: shape (frames, channels), float32, full scale 1.0.
        rate_hz: their rate.
        rules: silence rules; the one for the raw clip's length is used (`settings.rules_for(split)`).
        settings: rate of the result, whether silence goes, and what must remain.

    Raises:
        DecodeError: samples that are not usable sound, or too few for one sample at the new rate.
    """
    pcm, clipped = to_clean_rate(samples, rate_hz, settings)
    if not settings.remove_silence:
        return Cleaned(pcm, clipped, "ok", "", [(0, len(pcm))])
    rule = rule_for(rules, len(samples) / rate_hz)
    kept, reason = choose_kept(*energy_per_ms([pcm], settings.rate_hz), rule, settings)
    return Cleaned(join(pcm, kept), clipped, "kept_whole" if reason else "ok", reason, kept)


def choose_kept(
    energy: np.ndarray, frames: int, rule: SilenceRule, settings: CleaningSettings
) -> tuple[list[tuple[int, int]], str]:
    """Sample ranges of a clip that are not silence; or the whole clip if too little would remain, with the reason.

    Args:
        energy, frames: of the clip at the settings' rate, from `energy_per_ms`.
        rule: for its raw length.
        settings: rate, and what must remain.
    """
    kept = kept_ranges(energy, frames, settings.rate_hz, rule)
    length = sum(end - start for start, end in kept)
    if length < frames and length < settings.min_kept_s * settings.rate_hz:
        return [(0, frames)], f"only {length / settings.rate_hz:.3f} s would remain"
    return kept, ""


def to_clean_rate(samples: np.ndarray, rate_hz: int, settings: CleaningSettings) -> tuple[np.ndarray, int]:
    """The whole clip as mono PCM16 at the settings' rate, and how many samples were clipped."""
    check_waveform(samples, rate_hz)
    pcm, clipped = to_pcm16(resample(to_mono(samples), rate_hz, settings.rate_hz))
    if not len(pcm):
        raise DecodeError(f"expected sound, received {len(samples)} frames: too few at {settings.rate_hz} Hz")
    return pcm, clipped
