"""Data sets: one reader a layout, each returning the same clip table (`table.py`)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from tagging.datasets.settings import LAYOUTS, DatasetSettings

if TYPE_CHECKING:  # pandas would cost `--help` half of its time
    from tagging.datasets.table import Dataset


def read_dataset(settings: DatasetSettings) -> Dataset:
    """The data set that `settings` names, with the labels and the task that they ask for.

    Raises:
        DatasetError: a layout that is not known, or data that cannot be used.
    """
    from tagging.datasets.names_on_disk import found_on_disk  # noqa: PLC0415 (as above)
    from tagging.datasets.relabel import relabelled  # noqa: PLC0415 (as above)
    from tagging.datasets.table import DatasetError  # noqa: PLC0415 (as above)

    if settings.layout not in LAYOUTS:
        known = ", ".join(LAYOUTS)
        raise DatasetError(f"expected dataset.layout to be one of {known}; received {settings.layout!r}")
    dataset: Dataset = import_module(f"tagging.datasets.layouts.{settings.layout}").read(settings)
    return relabelled(found_on_disk(dataset), settings)
