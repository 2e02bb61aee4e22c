"""Faults to plant: one changed line each, found by its text wherever it stands in the product's code."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

_OTHER_CODE = ("tests", "benchmarks", "build", "data", "runs")


class FaultError(ValueError):
    """A list of faults, or a fault, that cannot be used."""


@dataclass(frozen=True)
class Fault:
    """A changed line.

    Attributes:
        name: what is wrong with it.
        before, after: part of the line as it is, which stands nowhere else, and as it is planted.
        tests: names of the nearest test files, or ends of their paths.
    """

    name: str
    before: str
    after: str
    tests: tuple[str, ...]

    @property
    def change(self) -> str:
        return f"{self.before} -> {self.after}"


def read_faults(path: Path) -> list[Fault]:
    """The faults of all areas.

    Raises:
        FaultError: a name twice, or a change that is none.
    """
    areas = yaml.safe_load(path.read_text(encoding="utf-8"))
    faults = [Fault(**{**each, "tests": tuple(each["tests"])}) for area in areas.values() for each in area]
    names = [fault.name for fault in faults]
    if twice := {name for name in names if names.count(name) > 1}:
        raise FaultError(f"{path}: expected each name once, received again {', '.join(sorted(twice))}")
    if idle := [fault.name for fault in faults if fault.before == fault.after or not fault.tests]:
        raise FaultError(f"{path}: expected a change and tests, received none for {', '.join(idle)}")
    return faults


def places(root: Path, fault: Fault) -> list[Path]:
    """The product's files with the text of the fault, one as often as it stands there."""
    return [path for path in _product_files(root) for _ in range(path.read_text("utf-8").count(fault.before))]


def _product_files(root: Path) -> list[Path]:
    def is_product(path: Path) -> bool:
        first = path.relative_to(root).parts[0]
        return first not in _OTHER_CODE and not first.startswith(".")

    return [path for path in sorted(root.rglob("*.py")) if is_product(path)]


@contextmanager
def planted(root: Path, fault: Fault) -> Iterator[Path]:
    """The code with the fault, for the block; gives the changed file.

    Raises:
        FaultError: the line is not there, or more than once.
    """
    found = places(root, fault)
    if len(found) != 1:
        raise FaultError(f"{fault.name}: expected its line once, received {len(found)} of {fault.before}")
    text = found[0].read_text("utf-8")
    found[0].write_text(text.replace(fault.before, fault.after), "utf-8")
    try:
        yield found[0]
    finally:
        found[0].write_text(text, "utf-8")


def nearest_tests(root: Path, fault: Fault) -> list[str]:
    """The fault's test files, as pytest takes them; [] where no name is found."""
    files = sorted((root / "tests").rglob("test_*.py"))
    return [
        str(path.relative_to(root))
        for end in fault.tests
        for path in files
        if f"/{path.relative_to(root)}".endswith(f"/{end}")
    ]
