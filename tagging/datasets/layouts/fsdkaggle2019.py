"""Reader of the FSDKaggle2019 layout: the Kaggle download, the Zenodo release, or any data set arranged so.

Fonseca et al., "Audio tagging with noisy labels and minimal supervision", DCASE Workshop 2019.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from foundation.words import some
from tagging.datasets.csv_files import read_csv
from tagging.datasets.layouts.parts.labels import Labels, class_names, parse_labels, read_answers
from tagging.datasets.layouts.parts.published import open_parts
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import COLUMNS, Dataset, DatasetError, leave_out

EXPECTED_TREE = """\
    {root}/
        train_curated.csv          fname,labels
        train_noisy.csv            fname,labels   (may be absent together with train_noisy/)
        sample_submission.csv      fname and one column per class
        train_curated/             *.wav, or train_curated.zip next to it
        train_noisy/               *.wav, or train_noisy.zip next to it
        test/                      *.wav, or test.zip next to it
        test_post_competition.csv  fname,labels,usage   (optional: the answers)
        groups.csv                 fname,group   (optional: which training clips share a recording)
    Get it from https://www.kaggle.com/c/freesound-audio-tagging-2019/data (the folder as it is) or from
    https://zenodo.org/records/3612637 (unpacked; its FSDKaggle2019.* folders are read as they are)."""
_ANSWERS = "test_post_competition.csv"
_META = "FSDKaggle2019.meta"
_KAGGLE = {
    "curated": ("train_curated.csv", "train_curated"),
    "noisy": ("train_noisy.csv", "train_noisy"),
    "test": ("sample_submission.csv", "test"),
}
_ZENODO = {
    "curated": (f"{_META}/train_curated_post_competition.csv", "FSDKaggle2019.audio_train_curated"),
    "noisy": (f"{_META}/train_noisy_post_competition.csv", "FSDKaggle2019.audio_train_noisy"),
    "test": (f"{_META}/{_ANSWERS}", "FSDKaggle2019.audio_test"),
}


def read(settings: DatasetSettings) -> Dataset:
    """The data set at `settings.root`; zips of audio next to its tables are unpacked first.

    Classes and test clips are in the sample submission's order; the Zenodo release has none, there they
    are sorted, and in the answers' order. Without known answers a test clip's labels are ().

    Raises:
        DatasetError: a missing part (the message shows the expected tree), or a table that is wrong.
    """
    root = Path(settings.root)
    is_zenodo = (root / _META).is_dir()
    layout = _ZENODO if is_zenodo else _KAGGLE
    parts = open_parts(root, "FSDKaggle2019", EXPECTED_TREE, layout, optional=["noisy"])
    tables = {split: read_csv(part.table, _columns(split, is_zenodo)) for split, part in parts.items()}
    if is_zenodo:
        classes = class_names(tables["curated"]["labels"])
    else:
        classes = tuple(column for column in tables["test"].columns if column != "fname")
    labels = {
        split: parse_labels(part.table, tables[split], classes)
        for split, part in parts.items()
        if split != "test"
    }
    answers = root / _META / _ANSWERS if is_zenodo else root / _ANSWERS
    labels["test"], usage = _answers(answers, list(tables["test"]["fname"]), classes)
    clips = pd.concat([part.clips(split, labels[split]) for split, part in parts.items()])
    clips = _with_groups(root / "groups.csv", leave_out(clips, settings.exclude))
    sample = None if is_zenodo else parts["test"].table
    return Dataset("fsdkaggle2019", clips[list(COLUMNS)], classes, "multilabel", usage, sample)


def _columns(split: str, is_zenodo: bool) -> list[str]:
    return ["fname", "labels"] if is_zenodo or split != "test" else ["fname"]


def _answers(path: Path, fnames: Sequence[str], classes: Sequence[str]) -> tuple[Labels, dict[str, str]]:
    """(labels, {fname: Public or Private}) of the test clips, in the order of `fnames`."""
    if not path.is_file():
        return dict.fromkeys(fnames, ()), {}
    labels, usage = read_answers(path, classes)
    if missing := [fname for fname in fnames if fname not in labels]:
        raise DatasetError(
            f"{path}: expected an answer for each test clip, received none for {some(missing)}; "
            "complete the file or remove it"
        )
    if more := len(labels) - len(fnames):
        # The Kaggle download lists the public test clips alone, Zenodo's answers all: both are right.
        print(
            f"{path}: {more} answers for clips that are not in the sample submission left out",
            file=sys.stderr,
        )
    return {fname: labels[fname] for fname in fnames}, {fname: usage[fname] for fname in fnames}


def _with_groups(path: Path, clips: pd.DataFrame) -> pd.DataFrame:
    """The clips with their `group`: "" everywhere without the file, "" for test clips that it leaves out."""
    if not path.is_file():
        return clips.assign(group="")
    table = read_csv(path, ["fname", "group"])
    group = clips["fname"].map(dict(zip(table["fname"], table["group"], strict=True))).fillna("")
    without = clips["fname"][(group == "") & (clips["split"] != "test")]
    if len(without):
        raise DatasetError(
            f"{path}: expected a group for each training clip, received none for {some(list(without))}; "
            "complete the file or remove it"
        )
    return clips.assign(group=group)
