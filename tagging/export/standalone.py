"""`tag_standalone.py` as one file: what it imports from this program is put into it."""

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from tagging.export import tag_standalone

NAME = "tag_standalone.py"
_OF_MODULES = "preprocessing."
_FIRST = (
    "from __future__ import annotations  # some of those below are classes of the program this comes from\n\n"
)


def standalone_text() -> str:
    """The script, with the code of the modules that it imports in place of the imports."""
    source = inspect.getsource(tag_standalone)
    lines, nodes = source.splitlines(keepends=True), ast.parse(source).body
    parts, last = [], 0
    for node in nodes:
        is_ours = isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_OF_MODULES)
        if node.lineno == 1 or is_ours:
            parts += lines[last : node.lineno - 1]
            last = node.end_lineno or node.lineno
        if node.lineno == 1:  # the docstring
            parts += [*lines[:last], "\n", _FIRST]
            last += 1
        if is_ours:
            assert isinstance(node, ast.ImportFrom)  # noqa: S101  for the type checker
            parts.append("\n\n" + _code(import_module(str(node.module))) + "\n\n")
    return re.sub(r"\n{4,}", "\n\n\n", "".join([*parts, *lines[last:]]))


def _code(module: ModuleType) -> str:
    """A module without its docstring and imports, which are those of the script."""
    source = inspect.getsource(module)
    lines = source.splitlines(keepends=True)
    left_out = set(_left_out(ast.parse(source).body))
    return "".join(line for number, line in enumerate(lines, 1) if number not in left_out).strip("\n")


def _left_out(nodes: list[ast.stmt]) -> Iterator[int]:
    for node in nodes:
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if is_text or isinstance(node, ast.Import | ast.ImportFrom):
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)
