"""Checks of settings, in one form of message."""

from math import isfinite


def check(is_valid: bool, key: str, expected: str, received: object) -> None:
    """Raise a ValueError that names the key, unless `is_valid`."""
    if not is_valid:
        raise ValueError(f"{key}: expected {expected}, received {received}")


def check_range(keys: str, low: float, high: float) -> None:
    """Raise a ValueError unless `low` to `high` is a range of finite decibels."""
    is_range = isfinite(low) and isfinite(high) and low <= high
    check(is_range, keys, "finite decibels, the first at most the second", f"{low} and {high}")
