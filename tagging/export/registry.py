"""Formats by name. Imports nothing heavy: a format is loaded when it is asked for."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, Protocol

from foundation.plugins import literal, plugin_names
from foundation.words import nearest
from tagging.export.errors import ExportError

FLOAT32 = "float32"


class Runtime(Protocol):
    """A model that was loaded again, on one thread.

    Attributes:
        name: of the runtime, with its version.
        not_built_in: operators that other installations of the runtime may lack.
    """

    name: str
    not_built_in: tuple[str, ...]

    def __call__(self, inputs: Any) -> tuple[Any, Any]:
        """One input (1, ...) float32 -> scores (1, classes), logits of the runs (1, runs x classes)."""


class Format(NamedTuple):
    """What the module of a format says of it, see `tagging/export/formats/__init__.py`."""

    name: str
    packages: dict[str, str]
    purpose: str
    model: str
    files: tuple[str, ...]
    precisions: tuple[str, ...]
    options: tuple[str, ...]
    runs_alone: bool
    next: str | None

    def module(self) -> ModuleType:
        """Its module.

        Raises:
            ExportError: packages are not installed.
        """
        if lacking := [needed for name, needed in self.packages.items() if find_spec(name) is None]:
            raise ExportError(f"--to {self.name} needs other packages: pip install {' '.join(lacking)}")
        return import_module(f"tagging.export.formats.{self.name}")


def _declared(file: Path) -> Format:
    names = ("PACKAGES", "PURPOSE", "MODEL", "FILES", "PRECISIONS")
    optional = {"OPTIONS": (), "RUNS_ALONE": False, "NEXT": None}
    values = [literal(file, name, default) for name, default in {**dict.fromkeys(names), **optional}.items()]
    return Format(file.stem, *values)


def described() -> str:
    """All formats, with what they are for."""
    return ", ".join(f"{form.name} ({form.purpose})" for form in FORMATS.values())


def check_format(name: str) -> None:
    """Raises ExportError, with all formats and what they are for, unless `name` is one."""
    if name not in FORMATS:
        raise ExportError(f"--to: expected one of {described()}; received {name}.{nearest(name, FORMATS)}")


_HERE = Path(__file__).parent / "formats"
FORMATS = {name: _declared(_HERE / f"{name}.py") for name in plugin_names(_HERE)}
"""The formats by the name of their module."""
OPTIONS = tuple(dict.fromkeys(each for form in FORMATS.values() for each in form.options))
"""Options of the command that not all formats take."""
PRECISIONS = tuple(dict.fromkeys(each for form in FORMATS.values() for each in form.precisions))
"""Of all formats."""
