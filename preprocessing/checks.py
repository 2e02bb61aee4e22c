"""Checks of settings, in one form of message."""

import math


def check_number(name: str, value: float, low: float, high: float) -> None:
    """Raise a ValueError unless `value` is a finite number from `low` to `high`."""
    if isinstance(value, bool) or not (math.isfinite(value) and low <= value <= high):
        raise ValueError(f"{name}: expected a finite number from {low:g} to {high:g}, received {value!r}")


def check_count(name: str, value: int, low: int, high: int | None = None) -> None:
    """Raise a ValueError unless `value` is a whole number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < low or (high and value > high):
        bounds = f"of at least {low}" if high is None else f"from {low} to {high}"
        raise ValueError(f"{name}: expected a whole number {bounds}, received {value!r}")
