"""Plug points: a folder in which each file is a plug-in, known to users by the name of the file."""

import ast
from collections.abc import Collection
from pathlib import Path
from typing import Any


def plugin_names(folder: Path, excluding: Collection[str] = ()) -> tuple[str, ...]:
    """Names of the modules in a folder, sorted; without `__init__`, private ones, and those in `excluding`."""
    names = sorted(path.stem for path in folder.glob("*.py"))
    return tuple(name for name in names if not name.startswith("_") and name not in excluding)


def functions(file: Path) -> set[str]:
    """Names of the functions of a module, read without running it."""
    nodes = ast.parse(file.read_text(encoding="utf-8")).body
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


def literal(file: Path, name: str, default: Any = None) -> Any:
    """The constant `name = <literal>` of a module, read without running it: what settings may know of heavy modules.

    Args:
        file: of the module.
        name: of the constant.
        default: where the module has no such constant.

    Raises:
        ValueError: it is not a literal.
    """
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.AnnAssign):
            targets: list[ast.expr] = [node.target]
        elif isinstance(node, ast.Assign):
            targets = node.targets
        else:
            continue
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            try:
                return ast.literal_eval(node.value)  # type: ignore[arg-type]
            except ValueError:
                raise ValueError(f"{file}: expected {name} to be a literal") from None
    return default
