"""Targets of regression: which columns, and the numbers in their cells."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from foundation.words import nearest
from tagging.datasets.table import DatasetError

_LARGEST = float(np.finfo(np.float32).max)


def check_targets(path: Path, targets: Sequence[str], known: Sequence[str]) -> None:
    """Raises DatasetError, with the nearest name, where one of `targets` is none of a table's `known` columns."""
    for target in targets:
        if target not in known:
            raise DatasetError(
                f"{path}: expected dataset.targets of the table's columns, received {target!r}."
                + nearest(target, known)
            )


def parse_values(path: Path, name: str, cells: Sequence[str]) -> tuple[float, ...]:
    """The numbers of a clip; an empty cell is NaN: not known.

    Raises:
        DatasetError: a cell that is not a finite number of float32.
    """
    return tuple(_number(path, name, cell.strip()) for cell in cells)


def _number(path: Path, name: str, cell: str) -> float:
    if not cell:
        return math.nan
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        advice = "write decimals with a point" if "," in cell else "correct it"
        raise DatasetError(f"{path}: expected a finite number for {name!r}, received {cell!r}; {advice}")
    if abs(number) > _LARGEST:
        raise DatasetError(
            f"{path}: expected a number of at most {_LARGEST:.3g} for {name!r}, received {cell!r}; choose a larger unit"
        )
    return number
