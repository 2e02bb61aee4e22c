"""Clips that are rows of a file: what the readers of ready-made features share."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import COLUMNS, Dataset, leave_out, placed

PARTS = {"train": "train", "val": "validation", "test": "test"}
"""What the studies' files call a part -> what it is."""
PART_NAMES = {"train": ("train", "training"), "val": ("val", "validation"), "test": ("test",)}
"""The part -> what files and folders may call it."""
_COLUMNS = (*COLUMNS, "row", "key")


def row_clips(part: str, path: Path, key: str, labels: Sequence[str]) -> pd.DataFrame:
    """Rows of a clip table with their `part`, one for each row of an array.

    Args:
        part: key of `PARTS`.
        path: file with the array.
        key: name of the array in the file; "" = the file is the array.
        labels: one for each row.
    """
    rows = range(len(labels))
    return pd.DataFrame(
        {
            "fname": [f"{part}-{row:06d}" for row in rows],
            "path": path,
            "labels": [(label,) for label in labels],
            "group": "",
            "row": rows,
            "key": key,
            "part": PARTS[part],
        }
    )


def rows_dataset(
    name: str, tables: Sequence[pd.DataFrame], classes: Sequence[str], settings: DatasetSettings
) -> Dataset:
    """The data set of all parts, each from `row_clips`."""
    clips = pd.concat(tables, ignore_index=True)
    clips = leave_out(placed(clips, list(clips["part"])), settings.exclude)
    more = [column for column in clips if column == "validates"]
    return Dataset(name, clips[[*_COLUMNS, *more]], tuple(classes), "multiclass", {}, None)
