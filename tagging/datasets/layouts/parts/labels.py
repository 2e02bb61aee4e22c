"""Labels as CSV cells, and the answers of a competition's test clips."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from foundation.words import nearest, some
from tagging.datasets.csv_files import read_csv
from tagging.datasets.table import DatasetError

Labels = dict[str, tuple[str, ...]]
"""fname -> class names."""


def class_names(cells: Iterable[str]) -> tuple[str, ...]:
    """The classes of a data set that has no list of them: all labels that occur, sorted."""
    return tuple(sorted({label for cell in cells for label in _split(cell)} - {""}))


def parse_labels(
    path: Path, table: pd.DataFrame, classes: Sequence[str], column: str = "labels", allow_none: bool = False
) -> Labels:
    """Labels of a table's rows, comma-joined in their cell.

    Args:
        path: of the table, for errors.
        table: has `fname` and `column`.
        classes: labels that are known.
        allow_none: whether an empty cell means a clip without labels.

    Raises:
        DatasetError: a label that is not known (the message suggests the nearest one), or an empty one.
    """
    known = set(classes)
    labels: Labels = {}
    for fname, cell in zip(table["fname"], table[column], strict=True):
        labels[fname] = () if allow_none and not cell.strip() else _split(cell)
        for label in labels[fname]:
            if label not in known:
                raise DatasetError(f"{path}: {_unknown(fname, label, classes)}")
    return labels


def read_answers(path: Path, classes: Sequence[str], column: str = "labels") -> tuple[Labels, dict[str, str]]:
    """(labels, {fname: Public or Private}) of the test clips in a CSV of `fname`, `column` and `usage`.

    Raises:
        DatasetError: a table that is wrong, a label that is not known, or another usage.
    """
    table = read_csv(path, ["fname", column, "usage"])
    labels = parse_labels(path, table, classes, column, allow_none=True)
    usage = dict(zip(table["fname"], table["usage"], strict=True))
    if wrong := sorted(set(usage.values()) - {"Public", "Private"}):
        raise DatasetError(
            f"{path}: expected a usage of Public or Private, received {some(wrong)}; correct it"
        )
    return labels, usage


def _split(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label.strip() for label in cell.split(",")))


def _unknown(fname: str, label: str, classes: Sequence[str]) -> str:
    if not label:
        return f"expected one label or more for {fname!r}, received an empty one; name it or remove the row"
    expected = "expected labels of the data set's classes"
    return f"{expected}, received {label!r} for {fname!r}.{nearest(label, classes)}"
