"""The clip table: what every data-set reader returns and everything downstream stands on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

COLUMNS = ("fname", "path", "labels", "split", "group")


class DatasetError(ValueError):
    """A data set that cannot be used; the message is one line for the user."""


@dataclass(frozen=True)
class Dataset:
    """A data set, whatever its layout on disk.

    Attributes:
        name: the layout's name.
        clips: one row a clip. `fname` (as the data set writes it), `path` (pathlib.Path of the raw
            audio), `labels` (tuple of class names; empty where the answer is not known), `split`
            (`curated`, `noisy`, `test` ...), `group` (clips of one recording share it; "" = unknown).
            `fname` is unique within a split.
        classes: class names in the order of every score column.
        task: `multilabel`.
        usage: for test clips with known answers, fname -> `Public` or `Private`; else empty.
        sample_submission: the CSV whose columns and rows a submission must repeat, if there is one.
    """

    name: str
    clips: pd.DataFrame
    classes: tuple[str, ...]
    task: str
    usage: dict[str, str]
    sample_submission: Path | None

    def of(self, *splits: str) -> pd.DataFrame:
        """The clips of these splits, in the table's order, with a fresh index."""
        known = list(dict.fromkeys(self.clips["split"]))
        if unknown := [split for split in splits if split not in known]:
            raise DatasetError(f"expected splits out of {known}, received {unknown}")
        return self.clips[self.clips["split"].isin(splits)].reset_index(drop=True)

    def targets(self, clips: pd.DataFrame) -> np.ndarray:
        """Multi-hot labels of `clips`, shape (clips, classes), float32."""
        column = {label: i for i, label in enumerate(self.classes)}
        targets = np.zeros((len(clips), len(self.classes)), np.float32)
        for row, labels in enumerate(clips["labels"]):
            targets[row, [column[label] for label in labels]] = 1.0
        return targets
