"""Data sets: one reader a layout, each returning the same clip table (`table.py`)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from tagging.datasets.settings import DatasetSettings

if TYPE_CHECKING:  # pandas would cost `--help` half of its time
    from tagging.datasets.table import Dataset

# Layout -> module with `read(DatasetSettings) -> Dataset`, imported when it is chosen.
READERS = {
    "demo": "tagging.datasets.layouts.demo",
    "fsdkaggle2019": "tagging.datasets.layouts.fsdkaggle2019",
    "fsdkaggle2018": "tagging.datasets.layouts.fsdkaggle2018",
    "fsd50k": "tagging.datasets.layouts.fsd50k",
    "esc10": "tagging.datasets.layouts.esc10",
    "folders": "tagging.datasets.layouts.folders",
    "fma": "tagging.datasets.layouts.fma",
    "fma_features": "tagging.datasets.layouts.fma_features",
    "fused": "tagging.datasets.layouts.fused",
    "arrays": "tagging.datasets.layouts.arrays",
    "csv": "tagging.datasets.layouts.csv",
}


def read_dataset(settings: DatasetSettings) -> Dataset:
    """The data set that `settings` names, with the labels and the task that they ask for.

    Raises:
        DatasetError: a layout that is not known, or data that cannot be used.
    """
    from tagging.datasets.relabel import relabelled  # noqa: PLC0415 (as above)
    from tagging.datasets.table import DatasetError  # noqa: PLC0415 (as above)

    if settings.layout not in READERS:
        known = ", ".join(READERS)
        raise DatasetError(f"expected dataset.layout to be one of {known}; received {settings.layout!r}")
    dataset: Dataset = import_module(READERS[settings.layout]).read(settings)
    return relabelled(dataset, settings)
