"""Bounds that augmentations share."""

from foundation.settings import setting

_LOUDEST_DB = 200.0


def level(default: float, sentence: str) -> float:
    """A setting in decibels."""
    return setting(default, sentence, at_least=-_LOUDEST_DB, at_most=_LOUDEST_DB, unit="dB")


def check_order(keys: str, low: float, high: float) -> None:
    """Raise a ValueError that names the keys, unless they are in order."""
    if low > high:
        raise ValueError(f"{keys}: expected the first at most the second, received {low} and {high}")
