"""What a sweep may choose for one setting: out of a list, or between two bounds."""

import json
from dataclasses import dataclass
from math import inf
from typing import Any

import optuna

_SCALARS = (str, int, float, bool, type(None))
_KEYS = ("value", "values", "min", "max", "distribution", "q")
_RANGES = ("uniform", "log_uniform_values", "int_uniform", "q_uniform")
_LISTS = {"value": "constant", "values": "categorical"}  # what W&B calls them


@dataclass(frozen=True)
class Choices:
    """One of a few values, in the file's order; anything that YAML can say, e.g. a list of widths."""

    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        if not self.values or len(set(self.names)) < len(self.values):
            raise ValueError(f"expected values, no two of them the same, received {list(self.values)}")

    @property
    def samples(self) -> tuple[Any, ...]:
        """Values that a config has to accept."""
        return self.values

    def suggest(self, trial: optuna.Trial, key: str) -> Any:
        """The value of this trial."""
        return self.read(trial.suggest_categorical(key, self.names))

    def read(self, stored: Any) -> Any:
        """The value that the study knows as `stored`."""
        return self.values[self.names.index(stored)]

    @property
    def names(self) -> list[Any]:
        """The values as the study knows them: lists and mappings as text."""
        return [value if isinstance(value, _SCALARS) else as_text(value) for value in self.values]


@dataclass(frozen=True)
class Range:
    """A number between two bounds, both included; whole if both bounds are whole numbers.

    Attributes:
        low, high: bounds.
        log: drawn uniformly on a logarithmic scale.
        step: distance of the values that can be drawn, from `low` on; None: of whole numbers 1, else any.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None

    def __post_init__(self) -> None:
        if not -inf < self.low < self.high < inf:
            raise ValueError(f"expected finite min < max, received min: {self.low} and max: {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"expected min above 0 with log_uniform_values, received {self.low}")
        if self.step is not None and not self._is_divided():
            raise ValueError(
                f"expected q above 0 that divides max - min, received q: {self.step}, min: {self.low}, max: {self.high}"
            )

    @property
    def is_whole(self) -> bool:
        """Whether its numbers are whole."""
        return all(isinstance(each, int) for each in (self.low, self.high, self.step or 1))

    @property
    def samples(self) -> tuple[Any, ...]:
        """Values that a config has to accept."""
        return (self.low, self.high)

    def suggest(self, trial: optuna.Trial, key: str) -> Any:
        """The value of this trial."""
        if self.is_whole:
            step = int(self.step or 1)
            return trial.suggest_int(key, int(self.low), int(self.high), step=step, log=self.log)
        return trial.suggest_float(key, self.low, self.high, step=self.step, log=self.log)

    def read(self, stored: Any) -> Any:
        """The value that the study knows as `stored`."""
        return stored

    def _is_divided(self) -> bool:
        steps = (self.high - self.low) / self.step if self.step and self.step > 0 else 0.5
        return abs(steps - round(steps)) < 1e-9


Parameter = Choices | Range


def read_parameter(entry: Any) -> Parameter:
    """A parameter of a sweep file; `value: v` is a choice out of one.

    Raises:
        ValueError: what is wrong with it, for a message that names the parameter.
    """
    if not isinstance(entry, dict) or not {"value", "values", "min"} & set(entry):
        raise ValueError(f"expected values: [...], value: or min: and max:, received {entry}")
    if unknown := sorted(set(entry) - set(_KEYS)):
        raise ValueError(f"expected keys out of {', '.join(_KEYS)}, received {', '.join(unknown)}")
    if "min" in entry:
        return _range(entry)
    return _choices(entry)


def as_text(value: Any) -> str:
    """A value as `key=value` takes it and YAML reads it back; in ASCII, as JSON and YAML share few other escapes."""
    return "".join(map(_escaped, json.dumps(value, ensure_ascii=False)))


def _escaped(character: str) -> str:
    if character.isascii() and character.isprintable():
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _choices(entry: dict[str, Any]) -> Choices:
    key = "value" if "value" in entry else "values"
    if extra := set(entry) - {key, "distribution"}:
        raise ValueError(f"expected {key} alone, received it with {', '.join(sorted(extra))}")
    if entry.get("distribution", _LISTS[key]) != _LISTS[key]:
        raise ValueError(f"expected {key} without distribution, received {entry['distribution']}")
    if key == "values" and not isinstance(entry[key], list):
        raise ValueError(f"expected values: [...], received {entry[key]}")
    return Choices(tuple(entry[key]) if key == "values" else (entry[key],))


def _range(entry: dict[Any, Any]) -> Range:
    if extra := {"value", "values"} & set(entry):
        raise ValueError(f"expected min and max alone, received them with {', '.join(extra)}")
    numbers: list[Any] = [entry.get(key) for key in ("min", "max", "q")]
    low, high, step = numbers
    for number in [low, high, *([step] if "q" in entry else [])]:
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ValueError(f"expected numbers as min, max and q, received {entry}")  # noqa: TRY004
    kind = entry.get("distribution", "uniform")
    if kind not in _RANGES:
        raise ValueError(f"expected distribution out of {', '.join(_RANGES)}, received {kind}")
    if (kind == "q_uniform") != (step is not None):
        raise ValueError(f"expected q with q_uniform, and nowhere else, received {entry}")
    if kind == "int_uniform" and not (isinstance(low, int) and isinstance(high, int)):
        raise ValueError(f"expected whole numbers as min and max with int_uniform, received {entry}")
    return Range(low, high, kind == "log_uniform_values", step)
