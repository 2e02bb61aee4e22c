"""Reader of FSD50K: 200 classes of the AudioSet ontology, several a clip, all labels checked.

Fonseca et al., "FSD50K: an open dataset of human-labeled sound events", IEEE/ACM TASLP 30, 2022.
"""

import json
from pathlib import Path

import pandas as pd

from foundation.words import some
from tagging.datasets.csv_files import read_csv, read_headless_csv
from tagging.datasets.layouts.parts.labels import parse_labels
from tagging.datasets.layouts.parts.published import open_parts
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import COLUMNS, Dataset, DatasetError, leave_out

EXPECTED_TREE = """\
    {root}/
        FSD50K.dev_audio/       *.wav
        FSD50K.eval_audio/      *.wav
        FSD50K.ground_truth/    dev.csv, eval.csv (fname,labels) and vocabulary.csv (index,label,mid; no header)
        FSD50K.metadata/        dev_clips_info_FSD50K.json   (optional: who uploaded which clip)
    Get it from https://zenodo.org/records/4060432 (zips in pieces, to be joined first: docs/fsd50k.md)."""
_TRUTH = "FSD50K.ground_truth"
_PARTS = {
    "curated": (f"{_TRUTH}/dev.csv", "FSD50K.dev_audio"),
    "test": (f"{_TRUTH}/eval.csv", "FSD50K.eval_audio"),
}
_SUFFIX = ".wav"  # the tables name a clip by its Freesound number


def read(settings: DatasetSettings) -> Dataset:
    """The data set at `settings.root`: development clips as `curated`, evaluation clips as `test`.

    Classes are in the vocabulary's order. With the metadata folder, clips of one uploader are a group.

    Raises:
        DatasetError: a missing part (the message shows the expected tree), or a table that is wrong.
    """
    root = Path(settings.root)
    parts = open_parts(root, "FSD50K", EXPECTED_TREE, _PARTS)
    classes = _vocabulary(root / _TRUTH / "vocabulary.csv")
    tables = []
    for split, part in parts.items():
        labels = parse_labels(part.table, read_csv(part.table, ["fname", "labels"]), classes)
        tables.append(part.clips(split, labels, _SUFFIX))
    clips = leave_out(pd.concat(tables, ignore_index=True), settings.exclude)
    clips = _with_uploaders(root / "FSD50K.metadata" / "dev_clips_info_FSD50K.json", clips)
    return Dataset("fsd50k", clips[list(COLUMNS)], classes, "multilabel", {}, None)


def _vocabulary(path: Path) -> tuple[str, ...]:
    table = read_headless_csv(path, ["index", "label", "mid"])
    if wrong := [index for index in table["index"] if not index.isdecimal()]:
        raise DatasetError(
            f"{path}: expected numbers before the classes, received {some(wrong)}; remove that row"
        )
    if twice := list(table["label"][table["label"].duplicated()]):
        raise DatasetError(f"{path}: expected each class once, received {some(twice)} again; keep one row")
    return tuple(table["label"])


def _with_uploaders(path: Path, clips: pd.DataFrame) -> pd.DataFrame:
    """The clips with the uploader as `group` of the development clips; "" where the file is not there."""
    if not path.is_file():
        return clips.assign(group="")
    uploaders = _uploaders(path)
    is_dev = clips["split"] != "test"
    if missing := [fname for fname in clips["fname"][is_dev] if fname not in uploaders]:
        raise DatasetError(
            f"{path}: expected an uploader for each clip of dev.csv, received none for {some(missing)}; "
            "download it again or remove it"
        )
    return clips.assign(group=clips["fname"].map(uploaders).where(is_dev, ""))


def _uploaders(path: Path) -> dict[str, str]:
    try:
        infos = json.loads(path.read_text(encoding="utf-8"))
        return {fname: str(info["uploader"]) for fname, info in infos.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DatasetError(
            f"{path}: expected JSON of the form {{fname: {{uploader: name}}}}, received something else; "
            "download it again or remove it"
        ) from None
