"""What `run.json` holds, checked where it is read: a damaged or edited file is refused before anything uses it."""

import json
from collections.abc import Callable
from math import isfinite
from reprlib import repr as shortened
from typing import Any

from tagging.evaluation.task_kinds import KINDS

_NEEDED = {"classes", "finished", "identity", "task", "validation"}  # runs of all versions have these


def checked_info(text: bytes) -> dict[str, Any]:
    """The content of a `run.json`.

    Raises:
        ValueError: it is not JSON, a key is absent, or a value is not what the key stands for.
    """
    try:
        info = json.loads(text.decode())
    except ValueError as error:  # of JSON and of UTF-8
        raise ValueError(f"expected JSON ({error})") from error
    if not isinstance(info, dict):
        raise ValueError(f"expected a mapping of keys to values, received {shortened(info)}")  # noqa: TRY004
    if absent := _NEEDED - set(info):
        raise ValueError(f"expected {', '.join(sorted(absent))} in it")
    for key, (is_right, expected) in _VALUES.items():
        if key in info and not is_right(info[key]):
            raise ValueError(f"expected {key} to be {expected}, received {shortened(info[key])}")
    n_classes = len(info["classes"])
    if "train_mean" in info and len(info["train_mean"]) != n_classes:
        raise ValueError(f"expected train_mean of {n_classes} classes, received {len(info['train_mean'])}")
    return info


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return isfinite(value)
    except OverflowError:  # an integer beyond all floats
        return False


def _is_list(value: Any, is_right: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and bool(value) and all(map(is_right, value))


_VALUES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "task": (lambda value: _is_text(value) and value in KINDS, f"one of {', '.join(KINDS)}"),
    "classes": (lambda value: _is_list(value, _is_text), "a list of names"),
    "train_mean": (lambda value: _is_list(value, _is_number), "a list of numbers"),
    "inherited_clips": (lambda value: value == [] or _is_list(value, _is_text), "a list of file names"),
    "floor_db": (lambda value: value is None or _is_number(value), "a number or null"),
    "validation": (lambda value: value is None or _is_mapping(value), "a mapping or null"),
    **dict.fromkeys(("identity", "versions"), (_is_mapping, "a mapping")),
    **dict.fromkeys(("stage", "finished", "device", "model_hash"), (_is_text, "text")),
    **dict.fromkeys(
        (
            *("train_clips", "validation_clips", "parameters", "trainable_parameters"),
            *("epochs", "best_epoch", "overfit_batches", "peak_memory_mib", "seconds"),
        ),
        (_is_number, "a number"),
    ),
}
"""Of each key: whether a value is right, and what is expected; keys that are not here are only shown."""
