"""A setting: its default, sentence, bounds and unit in one place, the field of a settings dataclass."""

import dataclasses
import os
from collections.abc import Mapping
from math import inf
from typing import Any, get_args, get_origin

from foundation.limits import LIMITS, Limits
from foundation.setting_types import check_types, kinds_of, without_null

SENTENCE = "sentence"
"""Key of a field's metadata."""
IS_PATH = "is_path"
"""Key of the metadata of a field whose value, or each value of a mapping or list, names a file or folder."""


def setting(
    default: Any,
    sentence: str,
    *,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float = inf,
    below: float = inf,
    unit: str = "",
    is_path: bool = False,
) -> Any:
    """A field of a settings dataclass.

    Args:
        default: the value, or a function without arguments that makes it.
        sentence: what it does, for docs/config.md.
        at_least: lower bound of a number, or of each number of a list or mapping.
        above: the same, the bound itself left out.
        at_most: upper bound.
        below: the same, the bound itself left out.
        unit: of the number.
        is_path: whether it names a file or folder: a `~` at its start is the home folder.

    Example:
        dropout: float = setting(0.3, "share of the outputs dropped in training", at_least=0, below=1)
    """
    metadata: dict[str, Any] = {SENTENCE: sentence, IS_PATH: is_path}
    low = above if at_least is None else at_least
    if low is not None:
        metadata[LIMITS] = Limits(low, min(at_most, below), at_least is None, below < inf, unit)
    if callable(default):
        return dataclasses.field(default_factory=default, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


class Settings:
    """Base of the settings dataclasses: types and bounds are checked, however they are made.

    Lists are kept as tuples, so that settings without mappings can be keys of a dictionary. A mapping in a list stands
    for the settings that it holds.

    Raises:
        ValueError: one line that names the class and the field, what was expected and what was received.
    """

    def __post_init__(self) -> None:
        kinds = kinds_of(type(self))
        for part in dataclasses.fields(self):  # type: ignore[arg-type]  # subclasses are dataclasses
            kind, value = kinds[part.name], getattr(self, part.name)
            check_types(value, kind, f"{type(self).__name__}.{part.name}", part.metadata.get(LIMITS))
            kept = made(value, kind)
            object.__setattr__(self, part.name, _at_home(kept) if part.metadata.get(IS_PATH) else kept)


def as_dict(settings: Any) -> Any:
    """Settings as dictionaries, lists and numbers, as JSON has them."""
    if dataclasses.is_dataclass(settings):
        return {part.name: as_dict(getattr(settings, part.name)) for part in dataclasses.fields(settings)}
    if isinstance(settings, Mapping):
        return {key: as_dict(value) for key, value in settings.items()}
    return [as_dict(each) for each in settings] if isinstance(settings, list | tuple) else settings


def made(values: Any, kind: Any) -> Any:
    """Settings from what `as_dict` gave, with the defaults of keys that are absent; tuples from lists.

    Args:
        values: plain settings of the right types.
        kind: their type: a settings dataclass, or anything that stands in one.
    """
    kind, _ = without_null(kind)
    if dataclasses.is_dataclass(kind) and isinstance(values, Mapping):
        kinds = kinds_of(kind)
        return kind(**{name: made(value, kinds[name]) for name, value in values.items()})  # type: ignore[operator]
    if get_origin(kind) is dict and isinstance(values, Mapping):
        return {name: made(value, get_args(kind)[1]) for name, value in values.items()}
    if get_origin(kind) is tuple and isinstance(values, list | tuple):
        return tuple(made(each, get_args(kind)[0]) for each in values)
    return values


def completed(stored: Any, kind: Any) -> Any:
    """Plain settings that older code stored, with the defaults of the keys that it did not know.

    Args:
        stored: what `as_dict` gave.
        kind: their type: a settings dataclass, or a list or mapping of such.
    """
    kind, _ = without_null(kind)
    items = get_args(kind)
    if dataclasses.is_dataclass(kind) and isinstance(stored, Mapping):
        kinds = kinds_of(kind)
        known = {name: completed(value, kinds.get(name, Any)) for name, value in stored.items()}
        lacking = [part for part in dataclasses.fields(kind) if part.name not in known]
        return {**known, **{part.name: as_dict(_default(part)) for part in lacking}}
    if get_origin(kind) is dict and isinstance(stored, Mapping):
        return {name: completed(value, items[1]) for name, value in stored.items()}
    if get_origin(kind) is tuple and isinstance(stored, list):
        return [completed(value, items[0]) for value in stored]
    return stored


def _at_home(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _at_home(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return tuple(_at_home(each) for each in value)
    return os.path.expanduser(value) if isinstance(value, str) else value


def _default(part: Any) -> Any:
    return part.default if part.default_factory is dataclasses.MISSING else part.default_factory()
