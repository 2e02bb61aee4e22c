"""The clip table: what every data-set reader returns and everything downstream stands on."""

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from foundation.errors import UserError
from foundation.words import counted

COLUMNS = ("fname", "path", "labels", "split", "group")
NOISY = "noisy"  # the split whose labels a machine made
TEST = "test"  # the split to predict; files without a data set are cleaned as its clips are

DRAWN_FROM = (
    "drawn_from"  # column: the split that a drawn test clip comes from, in which it was cleaned; else ""
)


class DatasetError(UserError):
    """A data set that cannot be used; the message is one line for the user."""


def composed(name: str) -> str:
    """The name in Unicode's form NFC, the same for all names that look the same."""
    return unicodedata.normalize("NFC", name)


def clips_and_recordings(clips: pd.DataFrame) -> str:
    """`80 clips of 16 recordings`; without recordings where they are not known."""
    groups = set(clips["group"]) - {""}
    recordings = f" of {counted(len(groups), 'recording')}" if groups else ""
    return f"{counted(len(clips), 'clip')}{recordings}"


def leave_out(clips: pd.DataFrame, fnames: Collection[str]) -> pd.DataFrame:
    """The clips without the training clips of these names; test clips stay."""
    is_named = clips["fname"].map(composed).isin(set(map(composed, fnames)))
    return clips[~is_named | (clips["split"] == "test")].reset_index(drop=True)


def as_cells(rows: Sequence[object]) -> pd.Series:
    """A column whose cells are tuples or paths, which pandas must not take apart; for a table with a fresh index."""
    return pd.Series(rows, dtype=object)


def placed(clips: pd.DataFrame, parts: Sequence[str]) -> pd.DataFrame:
    """The clips with their `split`, and with `validates` where there is an official hold-out.

    Args:
        clips: rows of a clip table without these columns.
        parts: for each clip `validation` (the split `train`'s own hold-out) or the name of a split.
    """
    part = pd.Series(parts, clips.index, dtype=str)
    clips = clips.assign(split=part.replace("validation", "train"))
    return clips.assign(validates=part == "validation") if "validation" in set(parts) else clips


@dataclass(frozen=True)
class Dataset:
    """A data set, whatever its layout on disk.

    Attributes:
        name: the layout's name.
        clips: one row a clip. `fname` (as the data set writes it), `path` (pathlib.Path of the raw
            audio, or of a file of features), `labels` (tuple of class names; empty where the answer is not known),
            `split` (`train`, `test`, or `curated`, `noisy`, `test`), `group` (clips of one recording share it;
            "" = unknown). `fname` is unique within a split. Where the data has them also `row` (number of the
            clip's row in a file that holds many; -1 = the whole file), `key` (name of the array inside that file;
            "" = it holds just one), `validates` (bool: the data set's own hold-out from the split `train`), `values`
            (tuple of numbers, one a target, NaN where the answer is not known; regression only), and `drawn_from` where
            test clips were drawn.
        classes: class names in the order of every score column; names of the targets in regression.
        task: `multilabel` (several labels a clip, or none), `multiclass` (just one) or `regression`.
        usage: for test clips with known answers, fname -> `Public` or `Private`; else empty.
        sample_submission: the CSV whose columns and rows a submission must repeat, if there is one.
    """

    name: str
    clips: pd.DataFrame
    classes: tuple[str, ...]
    task: str
    usage: dict[str, str]
    sample_submission: Path | None

    @property
    def has_labels(self) -> bool:
        """Whether clips have labels; otherwise they have values of targets."""
        return self.task != "regression"

    @property
    def is_single_label(self) -> bool:
        """Whether each clip has exactly one label."""
        return self.task == "multiclass"

    @property
    def checked(self) -> str:
        """The split whose labels people checked, from which validation clips come: `train`, or `curated`.

        Raises:
            DatasetError: there is neither, as in a table of test clips alone.
        """
        splits = dict.fromkeys(self.clips["split"])
        if not {"train", "curated"} & set(splits):
            raise DatasetError(
                f"expected clips of the split train or curated to train on, received only {', '.join(splits)}"
            )
        return "train" if "train" in splits else "curated"

    @property
    def captions(self) -> list[str]:
        """What each clip is annotated with, in words: `Bark, Meow`, `valence 0.25`; "" where it is not known."""
        if self.has_labels:
            return [", ".join(labels) for labels in self.clips["labels"]]
        return [
            ", ".join(
                f"{name} {value:g}"
                for name, value in zip(self.classes, values, strict=True)
                if np.isfinite(value)
            )
            for values in self.clips["values"]
        ]

    @property
    def trains(self) -> bool:
        """Whether it has any clips but test clips."""
        return bool((self.clips["split"] != TEST).any())

    @property
    def files(self) -> list[Path]:
        """The files that it is read from, each once: of the clips, and the sample submission."""
        samples = [self.sample_submission] if self.sample_submission else []
        return [*dict.fromkeys(map(Path, self.clips["path"])), *samples]

    def of(self, *splits: str) -> pd.DataFrame:
        """The clips of these splits, in the table's order, with a fresh index."""
        known = list(dict.fromkeys(self.clips["split"]))
        if unknown := [split for split in splits if split not in known]:
            raise DatasetError(f"expected splits out of {known}, received {unknown}")
        return self.clips[self.clips["split"].isin(splits)].reset_index(drop=True)

    def answered(self, clips: pd.DataFrame) -> np.ndarray:
        """Which clips have a known answer, bool (clips,); with several labels a clip, all or none: no label is one."""
        if not self.has_labels:
            return np.isfinite(self.targets(clips)).all(axis=1)
        has_labels = clips["labels"].map(len).to_numpy(int) > 0
        return has_labels if self.is_single_label else np.full(len(clips), has_labels.any())

    def strata(self, clips: pd.DataFrame) -> np.ndarray:
        """What a split spreads evenly, (clips, strata) float32 of 0 and 1: labels, or quarters of values."""
        if self.has_labels:
            return self.targets(clips)
        values = self.targets(clips)
        edges = np.quantile(values, (0.25, 0.5, 0.75), axis=0)
        quarter = (values[:, :, np.newaxis] >= np.moveaxis(edges, 0, -1)).sum(axis=-1)
        return np.eye(4, dtype=np.float32)[quarter].reshape(len(clips), -1)

    def targets(self, clips: pd.DataFrame) -> np.ndarray:
        """Multi-hot labels of `clips`, or the values of regression, shape (clips, classes), float32."""
        if not self.has_labels:
            return np.array(list(clips["values"]), np.float32).reshape(len(clips), len(self.classes))
        column = {label: i for i, label in enumerate(self.classes)}
        targets = np.zeros((len(clips), len(self.classes)), np.float32)
        for row, labels in enumerate(clips["labels"]):
            targets[row, [column[label] for label in labels]] = 1.0
        return targets
