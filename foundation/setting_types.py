"""Whether settings have the keys, types and bounds of their dataclass, in the words of those who write them."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from foundation.limits import LIMITS, Limits

_PLAIN: dict[Any, tuple[type, ...]] = {
    int: (int,),
    float: (int, float),
    bool: (bool,),
    str: (str, int, float),
}
_ONE = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
_MANY = {int: "whole numbers", float: "numbers", bool: "true and false", str: "texts"}

kinds_of: Callable[[Any], dict[str, Any]] = cache(get_type_hints)
"""The type of every field of a settings dataclass."""


def check_types(value: Any, kind: Any, key: str = "", limits: Limits | None = None) -> None:
    """Refuse unknown keys, values of another type, and numbers out of bounds.

    Args:
        value: as YAML has it, or settings that are made; text with `${...}` is not looked at, as it stands for another.
        kind: its type: a settings dataclass, int, float, bool, str, Literal, tuple, dict, Any, or one of them or None.
        key: as users write it; "": the whole config.
        limits: of the number, or of each number of a list or mapping.

    Raises:
        ValueError: one line that names the key, what was expected and what was received.
    """
    kind, or_null = without_null(kind)
    if kind is Any or (value is None and or_null) or (isinstance(value, str) and "${" in value):
        return
    if is_dataclass(kind) and isinstance(value, kind):  # type: ignore[arg-type]  # was checked when it was made
        return
    if is_dataclass(kind) and isinstance(value, Mapping):
        _check_settings(value, kind, key)
    elif get_origin(kind) is dict and isinstance(value, Mapping):
        _check_entries(value, get_args(kind)[1], key, limits)
    elif get_origin(kind) is tuple and isinstance(value, list | tuple):
        for number, each in enumerate(value):
            check_types(each, get_args(kind)[0], f"{key}[{number}]", limits)
    else:
        expected = limits.fault(value) if _fits(value, kind) and limits else None
        if expected or not _fits(value, kind):
            expected = (expected or _expected(kind, value, key)) + " or null" * or_null
            raise ValueError(f"{key}: expected {expected}, received {_shown(value)}")


def without_null(kind: Any) -> tuple[Any, bool]:
    """`int | None` -> (int, True)"""
    kind, *others = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    return kind, NoneType in others


def _check_settings(value: Mapping[Any, Any], kind: Any, key: str) -> None:
    kinds, start = kinds_of(kind), f"{key}." if key else ""
    limits = {part.name: part.metadata.get(LIMITS) for part in fields(kind)}
    for name, each in value.items():
        if name not in kinds:
            raise ValueError(f"{start}{name}: no such setting.{_hint(str(name), kind, start)}")
        check_types(each, kinds[name], start + name, limits[name])


def _check_entries(value: Mapping[Any, Any], kind: Any, key: str, limits: Limits | None) -> None:
    for name, each in value.items():
        if not isinstance(name, str):
            raise ValueError(f"{key}: expected names, received {_shown(name)}; write it in quotes")  # noqa: TRY004
        if each is not None or not is_dataclass(kind):  # a stage may be a name alone
            check_types(each, kind, f"{key}.{name}", limits)


def _hint(name: str, kind: Any, start: str) -> str:
    """Where a key of this name is, or else one that is spelt alike, or else all that there are."""
    known = [part.name for part in fields(kind)]
    elsewhere = [key for key in _all_keys(kind) if key.rpartition(".")[2] == name]
    near = elsewhere or get_close_matches(name, known, 1)
    if not near:
        return f" Expected one of {', '.join(known)}"
    return f" Did you mean: {' or '.join(repr(start + key) for key in near)}?"


def _all_keys(kind: Any, start: str = "") -> Iterator[str]:
    for name, part in kinds_of(kind).items():
        yield start + name
        if is_dataclass(part):
            yield from _all_keys(part, f"{start}{name}.")


def _fits(value: Any, kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind) and not isinstance(value, bool)
    return isinstance(value, _PLAIN.get(kind, ())) and (kind is bool or not isinstance(value, bool))


def _expected(kind: Any, value: Any, key: str) -> str:
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}" + _quotes(value)
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        return f"a list of {_MANY.get(item, 'settings')}" + f" such as [{value}]" * _fits(value, item)
    if get_origin(kind) is dict:
        return f"a mapping of names to {_MANY.get(get_args(kind)[1], 'settings')}"
    if is_dataclass(kind):
        return f"a mapping of keys to values, such as {key}.{fields(kind)[0].name}"
    return _ONE[kind] + _quotes(value) * (kind is str)


def _quotes(value: Any) -> str:
    return " (in quotes: YAML reads yes, no, on and off as true and false)" if isinstance(value, bool) else ""


def _shown(value: Any) -> str:
    """As YAML and JSON both write it, on one line."""
    return str(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False, default=str)
