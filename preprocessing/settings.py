"""What a config can say about cleaning. Kept apart from the code so that `--help` imports nothing heavy."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from foundation.settings import Settings, setting
from preprocessing.feature_settings import FeatureSettings

RATE_LIMITS_HZ = (
    1_000,
    768_000,
)  # a millisecond must hold a sample; nobody records faster than the upper one
_DAY_MS = 86_400_000


@dataclass(frozen=True)
class SilenceRule(Settings):
    """pydub's `split_on_silence` arguments, for clips up to a length."""

    max_s: float | None = setting(
        None,
        "the rule applies to clips of at most this length; null: of any length",
        at_least=0,
        at_most=1_000_000,
        unit="s",
    )
    threshold_dbfs: float = setting(
        -50.0, "a window is silent when its RMS is at most this", at_least=-1_000, at_most=0, unit="dBFS"
    )
    min_silence_ms: int = setting(
        500, "shortest silence that is removed", at_least=1, at_most=_DAY_MS, unit="ms"
    )
    keep_silence_ms: int = setting(
        100, "silence left on each side of a sound", at_least=0, at_most=_DAY_MS, unit="ms"
    )


CURATED = (
    SilenceRule(max_s=3.0, threshold_dbfs=-60.0, min_silence_ms=300, keep_silence_ms=100),
    SilenceRule(max_s=10.0, threshold_dbfs=-55.0, min_silence_ms=500, keep_silence_ms=150),
    SilenceRule(max_s=None, threshold_dbfs=-50.0, min_silence_ms=1000, keep_silence_ms=200),
)
NOISY = (SilenceRule(max_s=None, threshold_dbfs=-50.0, min_silence_ms=500, keep_silence_ms=100),)


@dataclass(frozen=True)
class CleaningSettings(Settings):
    """How raw audio becomes clean audio.

    The rules are starting values chosen here (the reference study names none): short clips are events
    whose quiet tail matters, so little is taken from them; long ones lose every pause of a second.
    """

    rate_hz: int = setting(
        16_000,
        "sample rate of the clean audio",
        at_least=RATE_LIMITS_HZ[0],
        at_most=RATE_LIMITS_HZ[1],
        unit="Hz",
    )
    remove_silence: bool = setting(
        True, "`false` leaves silences in (resampling and mixing to mono still happen)"
    )
    min_kept_s: float = setting(
        0.3,
        "a clip of which less than this would remain is kept as it is, and marked",
        at_least=0,
        at_most=1_000_000,
        unit="s",
    )
    curated: tuple[SilenceRule, ...] = setting(
        CURATED,
        "rules for clips with checked labels and for test clips, shortest `max_s` first, the last one without "
        "`max_s`",
    )
    noisy: tuple[SilenceRule, ...] = setting(
        NOISY, "rules for clips with machine-made labels, in the same order"
    )
    features: FeatureSettings = field(default_factory=FeatureSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_rules("curated", self.curated)
        _check_rules("noisy", self.noisy)

    def rules_for(self, split: str) -> tuple[SilenceRule, ...]:
        """The rules of a split: `noisy` has its own, every other one (curated, test ...) the curated ones."""
        return self.noisy if split == "noisy" else self.curated


def rule_for(rules: Sequence[SilenceRule], seconds: float) -> SilenceRule:
    """The first rule that serves a raw clip of this length in seconds."""
    return next(rule for rule in rules if rule.max_s is None or seconds <= rule.max_s)


def _check_rules(name: str, rules: Sequence[SilenceRule]) -> None:
    limits = [math.inf if rule.max_s is None else rule.max_s for rule in rules]
    if not limits or limits[-1] != math.inf or any(a >= b for a, b in itertools.pairwise(limits)):
        shown = [rule.max_s for rule in rules]
        raise ValueError(
            f"{name}: expected rules of growing max_s, the last one null, received max_s={shown}"
        )
