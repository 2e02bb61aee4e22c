"""Which numbers a setting takes."""

from dataclasses import dataclass
from math import isfinite

LIMITS = "limits"
"""Key of a field's metadata."""


@dataclass(frozen=True)
class Limits:
    """Bounds of a number.

    Attributes:
        low, high: bounds.
        open_low, open_high: whether the bound itself is left out.
        unit: of the number, e.g. `s`; "": none.
    """

    low: float
    high: float
    open_low: bool = False
    open_high: bool = False
    unit: str = ""

    def fault(self, value: float) -> str | None:
        """What a number had to be; None: it is within the limits."""
        unit = f" {self.unit}".rstrip()
        if isinstance(value, float) and not isfinite(value):
            return "a finite number"
        if value < self.low or (self.open_low and value == self.low):
            return f"{'above' if self.open_low else 'at least'} {_shown(self.low)}{unit}"
        if value > self.high or (self.open_high and value == self.high):
            return f"{'below' if self.open_high else 'at most'} {_shown(self.high)}{unit}"
        return None

    def __str__(self) -> str:
        low = "above " * self.open_low + _shown(self.low)
        high = "below " * self.open_high + _shown(self.high)
        return f"{low} to {high} {self.unit}".rstrip()


def _shown(number: float) -> str:
    """A bound with thousands apart: 1,000,000 or 0.001."""
    return f"{number:,}" if isinstance(number, int) else f"{number:g}"
