"""Writes the tables of docs/config.md from the settings themselves: `python -m docs.config_md`.

A table stands between `<!-- settings: KEY -->` and `<!-- end -->`, and has the fields of the settings at KEY, with
those of the parts that have no table of their own. The rest of the page is written by hand.
"""

import re
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from foundation.files import write_atomic
from foundation.limits import LIMITS
from foundation.setting_types import without_null
from foundation.settings import SENTENCE
from preprocessing.settings import SilenceRule
from tagging.config.schema import Config
from tagging.config.stage import StageSettings
from tagging.config.train import TrainSettings

PAGE = Path(__file__).with_name("config.md")
_TABLE = re.compile(r"<!-- settings: (\S+) -->\n.*?<!-- end -->", re.DOTALL)
_ROOTS = {"Config": ("", Config), "stages.NAME": ("stages.NAME.", StageSettings)}
_WORDS = {int: "integer", float: "number", str: "text", bool: "`true`, `false`", SilenceRule: "rules"}
_LONGEST = 40
"""Characters of a default that a table shows."""


def generated(page: str) -> str:
    """The page with its tables as they should be."""
    own = set(_TABLE.findall(page))
    return _TABLE.sub(lambda match: _table(match[1], own), page)


def _table(key: str, own: set[str]) -> str:
    start, kind = _ROOTS.get(key) or (f"{key}.", _kind_of(key))
    rows = "\n".join(_rows(kind, start, own))
    return f"<!-- settings: {key} -->\n| key | default | values | |\n|---|---|---|---|\n{rows}\n<!-- end -->"


def _kind_of(key: str) -> Any:
    kind: Any = Config
    for name in key.split("."):
        found = get_type_hints(kind)[name.removesuffix("[]")]
        kind = get_args(found)[0] if name.endswith("[]") else found
    return kind


def _rows(kind: Any, start: str, own: set[str]) -> Iterator[str]:
    kinds = get_type_hints(kind)
    inherited = {part.name for part in fields(TrainSettings)} if kind is StageSettings else ()
    for part in fields(kind):
        key = start + part.name
        if is_dataclass(kinds[part.name]):
            if part.name not in inherited and key not in own:
                yield from _rows(kinds[part.name], f"{key}.", own)
        elif SENTENCE in part.metadata and part.name not in inherited:
            values = _values(kinds[part.name], part)
            yield f"| `{key}` | {_default(part)} | {values} | {part.metadata[SENTENCE]}. |"


def _values(kind: Any, part: Field) -> str:
    kind, or_null = without_null(kind)
    limits = f", {part.metadata[LIMITS]}" if LIMITS in part.metadata else ""
    item, origin = (get_args(kind) or (kind,))[-1 if get_origin(kind) is dict else 0], get_origin(kind)
    if origin is Literal:
        words = ", ".join(f"`{value}`" for value in get_args(kind))
    elif origin in (tuple, dict):
        words = f"{'list of' if origin is tuple else 'mapping to'} {_WORDS[item]}{limits}"
    else:
        words = _WORDS.get(kind, "see there") + limits
    return words + " or `null`" * or_null


def _default(part: Field) -> str:
    value = part.default if part.default_factory is MISSING else part.default_factory()
    if isinstance(value, tuple):
        text = f"[{', '.join(map(str, value))}]"
    else:
        text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{text}`" if len(text) <= _LONGEST else "see there"


if __name__ == "__main__":
    write_atomic(PAGE, generated(PAGE.read_text(encoding="utf-8")).encode())
