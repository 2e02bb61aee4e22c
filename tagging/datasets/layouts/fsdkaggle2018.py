"""Reader of FSDKaggle2018: one label a clip, with a flag that says whether people checked it.

Fonseca et al., "General-purpose tagging of Freesound audio with AudioSet labels: task description, dataset, and
baseline", DCASE Workshop 2018.
"""

from pathlib import Path

import pandas as pd

from foundation.words import some
from tagging.datasets.csv_files import read_csv
from tagging.datasets.layouts.parts.labels import class_names, parse_labels, read_answers
from tagging.datasets.layouts.parts.published import open_parts
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import COLUMNS, Dataset, DatasetError, leave_out

EXPECTED_TREE = """\
    {root}/
        FSDKaggle2018.audio_train/   *.wav, or FSDKaggle2018.audio_train.zip
        FSDKaggle2018.audio_test/    *.wav, or FSDKaggle2018.audio_test.zip
        FSDKaggle2018.meta/          train_post_competition.csv, test_post_competition_scoring_clips.csv
    from https://zenodo.org/records/2552860, or, from https://www.kaggle.com/c/freesound-audio-tagging/data:
        train.csv                    fname,label,manually_verified
        sample_submission.csv        fname,label
        audio_train/                 *.wav, or audio_train.zip
        audio_test/                  *.wav, or audio_test.zip
        test_post_competition_scoring_clips.csv  fname,label,usage   (optional: the answers, from Zenodo)"""
_ANSWERS = "test_post_competition_scoring_clips.csv"
_META = "FSDKaggle2018.meta"
_KAGGLE = {"train": ("train.csv", "audio_train"), "test": ("sample_submission.csv", "audio_test")}
_ZENODO = {
    "train": (f"{_META}/train_post_competition.csv", "FSDKaggle2018.audio_train"),
    "test": (f"{_META}/{_ANSWERS}", "FSDKaggle2018.audio_test"),
}
_SPLITS = {"1": "curated", "0": "noisy"}  # by manually_verified


def read(settings: DatasetSettings) -> Dataset:
    """The data set at `settings.root`; zips of audio next to its tables are unpacked first.

    Clips with a checked label are `curated`, the other training clips `noisy`. Classes are sorted. Test clips are
    those with answers, in the answers' order; without answers, those of the sample submission, with labels ().
    There is no `sample_submission`: the competition's has a text of three labels where others have scores.

    Raises:
        DatasetError: a missing part (the message shows the expected tree), or a table that is wrong.
    """
    root = Path(settings.root)
    is_zenodo = (root / _META).is_dir()
    parts = open_parts(root, "FSDKaggle2018", EXPECTED_TREE, _ZENODO if is_zenodo else _KAGGLE)
    train, test = parts["train"], parts["test"]
    table = read_csv(train.table, ["fname", "label", "manually_verified"])
    _check_flags(train.table, table)
    classes = class_names(table["label"])
    labels = parse_labels(train.table, table, classes, "label")
    clips = train.clips("", labels)
    clips = clips.assign(split=table["manually_verified"].map(_SPLITS), group=table.get("freesound_id", ""))
    answers = test.table if is_zenodo else root / _ANSWERS
    if answers.is_file():
        labels, usage = read_answers(answers, classes, "label")
    else:
        labels, usage = dict.fromkeys(read_csv(test.table, ["fname"])["fname"], ()), {}
    clips = pd.concat([clips, test.clips("test", labels).assign(group="")])
    clips = leave_out(clips, settings.exclude)[list(COLUMNS)]
    return Dataset("fsdkaggle2018", clips, classes, "multilabel", usage, None)


def _check_flags(path: Path, table: pd.DataFrame) -> None:
    if wrong := sorted(set(table["manually_verified"]) - set(_SPLITS)):
        raise DatasetError(
            f"{path}: expected manually_verified of 0 or 1, received {some(wrong)}; correct it"
        )
