"""Reader of the FSDKaggle2019 layout: the Kaggle download, the Zenodo release, or any data set arranged so.

Fonseca et al., "Audio tagging with noisy labels and minimal supervision", DCASE Workshop 2019.
"""

import difflib
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tagging.datasets.archives import is_filled, unpack_audio
from tagging.datasets.csv_files import read_csv, some
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import COLUMNS, Dataset, DatasetError

EXPECTED_TREE = """\
    {root}/
        train_curated.csv          fname,labels
        train_noisy.csv            fname,labels   (may be absent together with train_noisy/)
        sample_submission.csv      fname and a column a class
        train_curated/             *.wav, or train_curated.zip beside it
        train_noisy/               *.wav, or train_noisy.zip beside it
        test/                      *.wav, or test.zip beside it
        test_post_competition.csv  fname,labels,usage   (optional: the answers)
        groups.csv                 fname,group   (optional: which training clips share a recording)
    Get it from https://www.kaggle.com/c/freesound-audio-tagging-2019/data (the folder as it is) or from
    https://zenodo.org/records/3612637 (unpacked; its FSDKaggle2019.* folders are read as they are)."""


@dataclass(frozen=True)
class _Release:
    """Where one release keeps its parts, relative to the root."""

    folders: dict[str, str]
    tables: dict[str, str]
    answers: str


_KAGGLE = _Release(
    folders={"curated": "train_curated", "noisy": "train_noisy", "test": "test"},
    tables={"curated": "train_curated.csv", "noisy": "train_noisy.csv", "test": "sample_submission.csv"},
    answers="test_post_competition.csv",
)
_META = "FSDKaggle2019.meta"
_ZENODO = _Release(
    folders={split: f"FSDKaggle2019.audio_{folder}" for split, folder in _KAGGLE.folders.items()},
    tables={
        "curated": f"{_META}/train_curated_post_competition.csv",
        "noisy": f"{_META}/train_noisy_post_competition.csv",
        "test": f"{_META}/test_post_competition.csv",
    },
    answers=f"{_META}/test_post_competition.csv",
)


def read(settings: DatasetSettings) -> Dataset:
    """The data set at `settings.root`; zips of audio beside its tables are unpacked on the way.

    Classes and test clips are in the sample submission's order; the Zenodo release has none, there they
    are sorted, and in the answers' order. Without known answers a test clip's labels are ().

    Raises:
        DatasetError: a missing part (the message shows the expected tree), or a table that is wrong.
    """
    root = Path(settings.root)
    release = _ZENODO if (root / _META).is_dir() else _KAGGLE
    splits = _present_splits(root, release)
    tables = {split: read_csv(root / release.tables[split], _columns(release, split)) for split in splits}
    classes = _classes(release, tables)
    labels = {
        split: _parse_labels(root / release.tables[split], tables[split], classes)
        for split in splits
        if split != "test"
    }
    labels["test"], usage = _answers(root / release.answers, tables["test"]["fname"], classes)
    clips = pd.concat([_clips(root / release.folders[split], split, labels[split]) for split in splits])
    left_out = clips["fname"].isin(settings.exclude) & (clips["split"] != "test")
    clips = _with_groups(root / "groups.csv", clips[~left_out].reset_index(drop=True))
    sample = root / release.tables["test"] if release is _KAGGLE else None
    return Dataset("fsdkaggle2019", clips[list(COLUMNS)], classes, "multilabel", usage, sample)


def _present_splits(root: Path, release: _Release) -> list[str]:
    """The splits that are there, their zips unpacked. Only the noisy one may be absent, as a whole."""
    splits, missing = [], []
    for split, name in release.folders.items():
        folder, archive, table = root / name, root / f"{name}.zip", root / release.tables[split]
        parts = {table: table.is_file(), folder: is_filled(folder) or archive.is_file()}
        if split == "noisy" and not any(parts.values()):
            continue
        missing += [part for part, there in parts.items() if not there]
        splits.append(split)
    if missing:
        raise DatasetError(
            f"no FSDKaggle2019 data at {root}: {some([str(part) for part in missing])} missing or empty. "
            f"Expected:\n{EXPECTED_TREE.format(root=root)}"
        )
    for split in splits:
        folder = root / release.folders[split]
        if not is_filled(folder):
            unpack_audio(folder.parent / f"{folder.name}.zip", folder)
    return splits


def _columns(release: _Release, split: str) -> list[str]:
    return ["fname"] if split == "test" and release is _KAGGLE else ["fname", "labels"]


def _classes(release: _Release, tables: dict[str, pd.DataFrame]) -> tuple[str, ...]:
    if release is _KAGGLE:
        return tuple(column for column in tables["test"].columns if column != "fname")
    return tuple(sorted({label for cell in tables["curated"]["labels"] for label in _split_cell(cell)}))


def _split_cell(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label.strip() for label in cell.split(",")))


def _parse_labels(
    path: Path, table: pd.DataFrame, classes: Sequence[str], allow_none: bool = False
) -> dict[str, tuple[str, ...]]:
    """{fname: labels} of a table's rows."""
    known = set(classes)
    labels: dict[str, tuple[str, ...]] = {}
    for fname, cell in zip(table["fname"], table["labels"], strict=True):
        labels[fname] = () if allow_none and not cell.strip() else _split_cell(cell)
        for label in labels[fname]:
            if label not in known:
                raise DatasetError(f"{path}: {_unknown_label(fname, label, classes)}")
    return labels


def _unknown_label(fname: str, label: str, classes: Sequence[str]) -> str:
    if not label:
        return f"expected one label or more for {fname!r}, received an empty one; name it or remove the row"
    nearest = difflib.get_close_matches(label, classes, n=1, cutoff=0.0)
    return (
        f"expected labels of the sample submission, received {label!r} for {fname!r}; "
        f"did you mean {', '.join(map(repr, nearest))}?"
    )


def _answers(
    path: Path, fnames: Iterable[str], classes: Sequence[str]
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """({fname: labels}, {fname: Public or Private}) of the test clips, in the order of `fnames`."""
    if not path.is_file():
        return {fname: () for fname in fnames}, {}
    table = read_csv(path, ["fname", "labels", "usage"])
    labels = _parse_labels(path, table, classes, allow_none=True)
    usage = dict(zip(table["fname"], table["usage"], strict=True))
    if wrong := sorted(set(usage.values()) - {"Public", "Private"}):
        raise DatasetError(
            f"{path}: expected a usage of Public or Private, received {some(wrong)}; correct it"
        )
    wanted = list(fnames)
    if missing := [fname for fname in wanted if fname not in labels]:
        raise DatasetError(
            f"{path}: expected an answer for each test clip, received none for {some(missing)}; "
            "complete the file or remove it"
        )
    if more := len(labels) - len(wanted):
        # The Kaggle download lists the public test clips alone, Zenodo's answers all: both are right.
        print(
            f"{path}: {more} answers for clips that are not in the sample submission left out",
            file=sys.stderr,
        )
    return {fname: labels[fname] for fname in wanted}, {fname: usage[fname] for fname in wanted}


def _clips(folder: Path, split: str, labels: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    rows = [(fname, folder / fname, names, split) for fname, names in labels.items()]
    return pd.DataFrame(rows, columns=["fname", "path", "labels", "split"])


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
