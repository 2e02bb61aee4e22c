"""Lengths of clips against windows, and what windows cannot hold."""

import numpy as np

from tagging.config.stage import StageSettings
from tagging.doctor.finding import Finding, percent
from tagging.doctor.survey import Survey

SHORT_SHARE = 0.5  # of the clips fill at most half a window: the window is too long
CUT_SHARE = 0.25  # of the clips are longer than a window: what is beyond it matters
BARELY = 1.05  # windows; a clip that is no longer fits a slightly longer window
_LONGER = 1.01  # windows; what is beyond is too little to call it unused
BRIEF_S = 1.5  # clips of this median length are single events, such as words
_LENGTHS_S = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0)  # shorter ones leave networks too few frames


def describe(survey: Survey) -> dict[str, str]:
    if not survey.has_audio or survey.usable.empty:
        return {}
    window, seconds, counts = survey.config.window, _seconds(survey), _windows(survey)
    return {
        "raw length": _spread(survey.usable["seconds_in"].to_numpy(float)),
        "clean length": _spread(seconds),
        "shorter than a window": f"{percent(float((seconds < window.window_s).mean()))} (window_s={window.window_s:g})",
        "longer than a window": percent(float((_samples_beyond(survey) > 0).mean())),
        "windows per clip": f"median {np.median(counts):g}, at most {counts.max():g} (hop_s={window.hop_s:g})",
    }


def short_clips(survey: Survey) -> Finding | None:
    """Fires where half of the clips fill at most half a window, and a shorter window holds 95 % of them."""
    window, seconds = survey.config.window, _seconds(survey)
    if np.mean(seconds <= window.window_s / 2) < SHORT_SHARE:
        return None
    fits = [length for length in _LENGTHS_S if length >= np.percentile(seconds, 95)]
    if not fits or fits[0] >= window.window_s:
        return None
    middle = float(np.median(seconds))
    what = (
        f"is repeated {window.window_s / middle:.1f} times" if window.short == "tile" else "ends in silence"
    )
    return Finding(
        "short clips",
        f"{percent(float((seconds <= window.window_s / 2).mean()))} of the clips fill at most half a window: a clip of "
        f"{middle:.2g} s (the median) {what} in a window of {window.window_s:g} s",
        f"A window of {fits[0]:g} s holds 95 % of the clips, and costs less time.",
        (f"window.window_s={fits[0]:g}", f"window.hop_s={fits[0] / 2:g}"),
        is_grave=True,
    )


def barely_longer(survey: Survey) -> Finding | None:
    """Fires where a quarter of the clips need a second window for a few per cent of their length."""
    window, seconds = survey.config.window, _seconds(survey)
    barely = (_windows(survey) > 1) & (seconds <= BARELY * window.window_s)
    if barely.mean() < CUT_SHARE:
        return None
    longest = float(seconds[barely].max())
    fits = np.ceil(round(100 * longest, 6)) / 100
    return Finding(
        "barely longer clips",
        f"{percent(float(barely.mean()))} of the clips are longer than a window of {window.window_s:g} s by up to "
        f"{1000 * (longest - window.window_s):.3g} ms",
        "Each of them is scored twice, in two nearly equal windows; a window that holds it halves the time.",
        (f"window.window_s={fits:g}",),
    )


def only_first(survey: Survey) -> Finding | None:
    """Fires where only first windows are used, and a quarter of the clips has more."""
    window, seconds = survey.config.window, _seconds(survey)
    share = float(np.mean(seconds > _LONGER * window.window_s))
    if not window.only_first or share < CUT_SHARE:
        return None
    lost = 1 - float(np.minimum(seconds, window.window_s).sum() / seconds.sum())
    return Finding(
        "unused audio",
        f"{percent(share)} of the clips are longer than a window, and {percent(lost)} of all audio is never used",
        "Without only_first, training draws other windows in each epoch, and prediction averages over all of them.",
        ("window.only_first=false",),
    )


def gaps(survey: Survey) -> Finding | None:
    """Fires where prediction leaves gaps between windows, in a quarter of the clips."""
    window, seconds = survey.config.window, _seconds(survey)
    if window.hop_s <= window.window_s or np.mean(seconds > window.hop_s) < CUT_SHARE:
        return None
    return Finding(
        "gaps between windows",
        f"windows of {window.window_s:g} s are {window.hop_s:g} s apart in validation and prediction",
        "What lies between two windows is never scored; windows should meet or overlap.",
        (f"window.hop_s={window.window_s / 2:g}",),
    )


def mixed_words(survey: Survey) -> Finding | None:
    """Fires where clips have one label and are brief, and training mixes or masks them."""
    if not survey.dataset.is_single_label or np.median(_seconds(survey)) > BRIEF_S:
        return None
    settings = list(dict.fromkeys(each for stage in survey.config.stages.values() for each in _off(stage)))
    if not settings:
        return None
    return Finding(
        "mixtures of brief clips",
        f"clips with one label, median length {np.median(_seconds(survey)):.2g} s, are mixed or masked in training",
        "Two words at once are neither of them, and a mask can hide a brief sound entirely.",
        tuple(settings),
    )


def _off(stage: StageSettings) -> list[str]:
    """What switches off mixing and masks."""
    augment = stage.augment
    return [
        *["train.augment.waveform_mix.probability=0"] * (augment.waveform_mix.probability > 0),
        *["train.augment.mixup.alpha=0"] * (augment.mixup.alpha > 0),
        *["train.augment.spec_augment.enabled=false"] * augment.spec_augment.enabled,
    ]


def _seconds(survey: Survey) -> np.ndarray:
    """Clean lengths of the usable clips."""
    return survey.usable["seconds_out"].to_numpy(float)


def _windows(survey: Survey) -> np.ndarray:
    """Windows in which each of the usable clips is scored, as `pipeline/windows.py` cuts them."""
    window, beyond = survey.config.window, _samples_beyond(survey)
    if window.only_first:
        return np.ones_like(beyond)
    return np.ceil(beyond / window.hop_samples(survey.config.cleaning.rate_hz)) + 1


def _samples_beyond(survey: Survey) -> np.ndarray:
    """How many samples of each usable clip are beyond its first window."""
    rate_hz = survey.config.cleaning.rate_hz
    beyond = np.round(_seconds(survey) * rate_hz) - survey.config.window.window_samples(rate_hz)
    return np.maximum(beyond, 0)


def _spread(values: np.ndarray) -> str:
    low, middle, high = np.percentile(values, (5, 50, 95))
    return f"{low:.2f} / {middle:.2f} / {high:.2f} s (5, 50, 95 %)"


RULES = (short_clips, barely_longer, only_first, gaps, mixed_words)
