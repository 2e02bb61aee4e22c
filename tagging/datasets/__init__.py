"""Data sets: one reader a layout, each returning the same clip table (`table.py`)."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from foundation.inputs import is_missing, no_folder
from tagging.datasets.settings import LAYOUTS, DatasetSettings

if TYPE_CHECKING:  # pandas would cost `--help` half of its time
    from tagging.datasets.table import Dataset


def read_dataset(settings: DatasetSettings, *, only_look: bool = False) -> Dataset:
    """The data set that `settings` names, with the labels and the task that they ask for.

    Args:
        settings: which data.
        only_look: make no data, where the layout otherwise would.

    Raises:
        DatasetError: a layout that is not known, or data that cannot be used.
    """
    from tagging.datasets.names_on_disk import found_on_disk  # noqa: PLC0415 (as above)
    from tagging.datasets.relabel import relabelled  # noqa: PLC0415 (as above)
    from tagging.datasets.table import DatasetError  # noqa: PLC0415 (as above)

    if settings.layout not in LAYOUTS:
        known = ", ".join(LAYOUTS)
        raise DatasetError(f"expected dataset.layout to be one of {known}; received {settings.layout!r}")
    reader = import_module(f"tagging.datasets.layouts.{settings.layout}")
    if not only_look and hasattr(reader, "prepare"):
        reader.prepare(settings)
    try:
        dataset: Dataset = reader.read(settings)
    except DatasetError as error:
        if is_missing(Path(settings.root)):
            raise DatasetError(f"{no_folder('dataset.root', Path(settings.root))}; {error}") from None
        raise
    return relabelled(found_on_disk(dataset), settings)


def stored_parts(layout: str) -> dict[str, int]:
    """The parts of a layout's stored features that have a scale of their own: name -> bands, in their order."""
    return getattr(import_module(f"tagging.datasets.layouts.{layout}"), "PARTS", {})
