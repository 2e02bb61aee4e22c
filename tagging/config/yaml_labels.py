"""Text that looks like a number: `010` as a label is `010`, and not 8, as YAML has it."""

from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints

import yaml

from foundation.setting_types import without_null

Span = tuple[int, int]
"""Where a scalar begins and ends in its text."""
_NULL, _BOOL = "tag:yaml.org,2002:null", "tag:yaml.org,2002:bool"


def with_quotes(text: str, kind: Any, *, is_item: bool = False) -> str:
    """YAML with quotes around what is written without them where `kind`, its type, has text.

    In lists and mappings of text that includes `yes` and `no`; elsewhere these two are left, to be refused.
    Broken YAML is returned as it is.

    Args:
        text: of a whole config, or of a value in it.
        kind: type of the config or value.
        is_item: whether it is the value of a list or mapping.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return text
    for start, end in sorted(set(_Walk(text).spans(node, kind, is_item=is_item)), reverse=True):
        text = f"{text[:start]}{_quoted(text[start:end])}{text[end:]}"
    return text


def kind_at(keys: list[str], kind: Any) -> tuple[Any, bool]:
    """The type of the setting at these keys of settings of this type, and whether it is in a list or mapping."""
    is_item = False
    for key in keys:
        kind, _ = without_null(kind)
        if get_origin(kind) in (dict, tuple):
            kind, is_item = _item(kind), True
        else:
            kind, is_item = get_type_hints(kind).get(key, Any) if isinstance(kind, type) else Any, False
    return kind, is_item


class _Walk:
    """Goes through nodes and types side by side, through each pair once: aliases may repeat a node endlessly."""

    def __init__(self, text: str) -> None:
        self.text, self.seen = text, set[tuple[int, str]]()

    def spans(self, node: yaml.Node | None, kind: Any, *, is_item: bool = False) -> Iterator[Span]:
        kind, _ = without_null(kind)
        if (id(node), str(kind)) in self.seen:
            return
        self.seen.add((id(node), str(kind)))
        if isinstance(node, yaml.ScalarNode) and kind in (str, tuple[str, ...]):
            yield from self._scalar(node, is_item)
        elif isinstance(node, yaml.SequenceNode) and get_origin(kind) is tuple:
            for each in node.value:
                yield from self.spans(each, _item(kind), is_item=True)
        elif isinstance(node, yaml.MappingNode):
            yield from self._mapping(node, kind)

    def _mapping(self, node: yaml.MappingNode, kind: Any) -> Iterator[Span]:
        has_names = get_origin(kind) is dict or kind is Any
        hints = {} if has_names else get_type_hints(kind) if isinstance(kind, type) else {}
        for key, value in node.value:
            if has_names:
                yield from self.spans(key, str, is_item=True)
            yield from self.spans(
                value, _item(kind) if has_names else hints.get(key.value, Any), is_item=has_names
            )

    def _scalar(self, node: yaml.ScalarNode, is_item: bool) -> Iterator[Span]:
        start, end = node.start_mark.index, node.end_mark.index
        is_left = node.tag == _NULL or (node.tag == _BOOL and not is_item)
        if not is_left and self.text[start:end] == node.value:  # else it has quotes or a tag
            yield start, end


def _item(kind: Any) -> Any:
    items = get_args(kind)
    return items[-1 if get_origin(kind) is dict else 0] if items else Any


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
