"""What a config can say about cleaning. Kept apart from the code so that `--help` imports nothing heavy."""

import itertools
import math
from dataclasses import dataclass, field

from preprocessing.checks import check_count, check_number
from preprocessing.feature_settings import FeatureSettings

RATE_LIMITS_HZ = (
    1_000,
    768_000,
)  # a millisecond must hold a sample; nobody records faster than the upper one


@dataclass(frozen=True)
class SilenceRule:
    """pydub's `split_on_silence` arguments, for clips up to a length.

    Attributes:
        max_s: the rule serves clips of at most this many seconds; None: of any length.
        threshold_dbfs: a window is silent when its RMS is at most this, in dB under full scale.
        min_silence_ms: shortest silence that is removed, in milliseconds, at least 1.
        keep_silence_ms: silence left at each side of a sound, in milliseconds.
    """

    max_s: float | None = None
    threshold_dbfs: float = -50.0
    min_silence_ms: int = 500
    keep_silence_ms: int = 100

    def __post_init__(self) -> None:
        check_number("threshold_dbfs", self.threshold_dbfs, -math.inf, 0.0)
        check_count("min_silence_ms", self.min_silence_ms, 1)
        check_count("keep_silence_ms", self.keep_silence_ms, 0)
        if self.max_s is not None:
            check_number("max_s", self.max_s, 0.0, math.inf)


def _curated_rules() -> list[SilenceRule]:
    return [
        SilenceRule(max_s=3.0, threshold_dbfs=-60.0, min_silence_ms=300, keep_silence_ms=100),
        SilenceRule(max_s=10.0, threshold_dbfs=-55.0, min_silence_ms=500, keep_silence_ms=150),
        SilenceRule(max_s=None, threshold_dbfs=-50.0, min_silence_ms=1000, keep_silence_ms=200),
    ]


def _noisy_rules() -> list[SilenceRule]:
    return [SilenceRule(max_s=None, threshold_dbfs=-50.0, min_silence_ms=500, keep_silence_ms=100)]


@dataclass(frozen=True)
class CleaningSettings:
    """How raw audio becomes clean audio.

    The rules are starting values chosen here (the reference study names none): short clips are events
    whose quiet tail matters, so little is taken from them; long ones lose every pause of a second.

    Attributes:
        rate_hz: sample rate of the clean audio, 1,000 to 768,000.
        remove_silence: False leaves silences in (resampling and mixing to mono still happen).
        min_kept_s: a clip of which less than this would remain is kept as it is, and marked.
        curated: rules for clips with checked labels and for test clips, shortest `max_s` first, the
            last one without `max_s`.
        noisy: rules for clips with machine-made labels, in the same order.
        features: what is made of the clean audio and kept in its place; with `features.name: stored`, the
            data set's files hold features, and nothing above does anything.
    """

    rate_hz: int = 16_000
    remove_silence: bool = True
    min_kept_s: float = 0.3
    curated: list[SilenceRule] = field(default_factory=_curated_rules)
    noisy: list[SilenceRule] = field(default_factory=_noisy_rules)
    features: FeatureSettings = field(default_factory=FeatureSettings)

    def __post_init__(self) -> None:
        check_count("rate_hz", self.rate_hz, RATE_LIMITS_HZ[0], RATE_LIMITS_HZ[1])
        check_number("min_kept_s", self.min_kept_s, 0.0, math.inf)
        _check_rules("curated", self.curated)
        _check_rules("noisy", self.noisy)

    def rules_for(self, split: str) -> list[SilenceRule]:
        """The rules of a split: `noisy` has its own, every other one (curated, test ...) the curated ones."""
        return self.noisy if split == "noisy" else self.curated


def rule_for(rules: list[SilenceRule], seconds: float) -> SilenceRule:
    """The first rule that serves a raw clip of this length in seconds."""
    return next(rule for rule in rules if rule.max_s is None or seconds <= rule.max_s)


def _check_rules(name: str, rules: list[SilenceRule]) -> None:
    limits = [math.inf if rule.max_s is None else rule.max_s for rule in rules]
    if not limits or limits[-1] != math.inf or any(a >= b for a, b in itertools.pairwise(limits)):
        shown = [rule.max_s for rule in rules]
        raise ValueError(
            f"{name}: expected rules of growing max_s, the last one null, received max_s={shown}"
        )
