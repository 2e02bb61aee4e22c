"""Other labels than the data set's own: merged, dropped, the rare ones left out, and another task asked of them."""

import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from foundation.words import counted, nearest, some
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import Dataset, DatasetError, as_cells, composed

COLUMNS_OF_TABLES = {"fname", "start_s", "end_s"}
"""Columns of the tables of scores, which have a column per class next to them."""
COLUMNS_OF_ONE_LABEL = COLUMNS_OF_TABLES | {"label", "score"}
"""The same, where each clip has one label."""


def relabelled(dataset: Dataset, settings: DatasetSettings) -> Dataset:
    """The data set with the labels and the task that the settings ask for.

    Labels are merged, then dropped, then those with fewer training clips than `min_clips` are. Clips that lose all of
    their labels leave the data set. Classes that were sorted stay sorted; otherwise they keep their order, and a new
    name stands where the first of those that it replaces stood. Test clips alone, which a run is to predict, may have
    some of its labels only: `merge` and `drop` may then name others, and `min_clips` counts nothing.

    Raises:
        DatasetError: a label that the data set has not, a task that does not fit its clips, a sample submission that
            has other classes than are left, too few classes, or one that is called as a column of the outputs.
    """
    if not dataset.has_labels or settings.task == "regression":
        _check_regression(dataset, settings)
        _check_names(dataset, "rename the column")
        return dataset
    if dataset.trains:
        _check_known("dataset.merge", settings.merge, dataset.classes)
    found = _merged(dataset, settings.merge)
    if dataset.trains:
        _check_known("dataset.drop", settings.drop, found.classes)
    found = _without(found, settings.drop)
    found = _without(found, rare(found, settings.min_clips))
    found = replace(found, task=settings.task or found.task)
    _check(dataset, found)
    _check_names(found, "rename it with dataset.merge={NAME: OTHER NAME}")
    return found


def _check_regression(dataset: Dataset, settings: DatasetSettings) -> None:
    if dataset.has_labels:
        raise DatasetError(
            f"expected dataset.task multilabel or multiclass for {settings.root}, which has labels, received "
            "regression; set null"
        )
    if settings.task not in (None, "regression"):
        raise DatasetError(
            f"expected dataset.task regression for {settings.root}, which has numeric targets, "
            f"received {settings.task}; "
            "set null"
        )
    for key in ("merge", "drop", "min_clips"):
        if getattr(settings, key):
            raise DatasetError(
                f"dataset.{key} applies to labels, and {settings.root} has numeric targets; remove it"
            )


def _check_known(key: str, names: Collection[str], classes: Sequence[str]) -> None:
    for name in names:
        if name not in classes:
            raise DatasetError(
                f"{key}: expected labels of the data set, received {name!r}.{nearest(name, classes)}"
            )


def _merged(dataset: Dataset, merge: Mapping[str, str]) -> Dataset:
    if not merge:
        return dataset
    labels = [tuple(dict.fromkeys(merge.get(name, name) for name in row)) for row in dataset.clips["labels"]]
    stay = {name for name in dataset.classes if merge.get(name, name) == name}
    classes = list(
        dict.fromkeys(
            merge.get(name, name) for name in dataset.classes if name in stay or merge[name] not in stay
        )
    )
    if list(dataset.classes) == sorted(dataset.classes):
        classes.sort()
    return replace(dataset, clips=dataset.clips.assign(labels=as_cells(labels)), classes=tuple(classes))


def _without(dataset: Dataset, names: Collection[str]) -> Dataset:
    """The data set without these labels, and without clips that had no others."""
    if not names:
        return dataset
    labels = [tuple(name for name in row if name not in names) for row in dataset.clips["labels"]]
    stays = [bool(row) or not before for row, before in zip(labels, dataset.clips["labels"], strict=True)]
    clips = dataset.clips.assign(labels=as_cells(labels))[stays].reset_index(drop=True)
    print(
        f"{counted(len(names), 'label')} ({some(sorted(names))}) and {counted(stays.count(False), 'clip')} without "
        "another label are left out",
        file=sys.stderr,
    )
    test = set(clips["fname"][clips["split"] == "test"])
    usage = {name: use for name, use in dataset.usage.items() if name in test}
    classes = tuple(name for name in dataset.classes if name not in names)
    return replace(dataset, clips=clips, classes=classes, usage=usage)


def rare(dataset: Dataset, least: int) -> list[str]:
    """Labels with fewer than `least` clips that train; none in a data set of test clips alone."""
    clips = dataset.clips
    if not dataset.trains:
        return []
    trains = clips["split"] != "test"
    if "validates" in clips:
        trains &= ~clips["validates"]
    count = Counter(name for row in clips["labels"][trains] for name in row)
    return [name for name in dataset.classes if count[name] < least]


def _check_names(dataset: Dataset, advice: str) -> None:
    """Refuse before a training what no table of scores could hold after it."""
    taken = COLUMNS_OF_ONE_LABEL if dataset.task == "multiclass" else COLUMNS_OF_TABLES
    if wrong := sorted(taken & set(dataset.classes)):
        raise DatasetError(
            f"expected classes with other names than the columns {', '.join(sorted(taken))} of the outputs, received "
            f"{some(wrong)}; {advice}"
        )
    if wrong := [name for name in dataset.classes if "\0" in name]:
        raise DatasetError(f"expected classes without NUL in their names, received {some(wrong)}; {advice}")
    count = Counter(map(composed, dataset.classes))
    if alike := [ascii(name) for name in dataset.classes if count[composed(name)] > 1]:
        raise DatasetError(
            f"expected classes with names that look different, received {', '.join(alike)} (composed and decomposed "
            "characters of Unicode); spell them in one way"
        )


def _check(before: Dataset, after: Dataset) -> None:
    if before.sample_submission and before.classes != after.classes:
        raise DatasetError(
            f"{before.sample_submission}: expected the classes of the sample submission, received others by "
            "dataset.merge, dataset.drop or dataset.min_clips; remove those keys, or list the clips in a table of "
            "layout csv, which has no sample submission"
        )
    least = 2 if after.is_single_label and before.trains else 1
    if len(after.classes) < least:
        is_same = before.classes == after.classes
        keys = "" if is_same else " after dataset.merge, dataset.drop and dataset.min_clips"
        advice = "add clips of another, or set dataset.task=multilabel" if is_same else "keep more"
        raise DatasetError(
            f"expected at least {least} labels{keys}, received {some(after.classes) or 'none'}; {advice}"
        )
    if after.is_single_label:
        _check_single(after)


def _check_single(dataset: Dataset) -> None:
    clips = dataset.clips
    count = clips["labels"].map(len)
    wrong = clips["fname"][(count > 1) | ((count == 0) & (clips["split"] != "test"))]
    if len(wrong):
        raise DatasetError(
            f"expected exactly one label per clip for the task multiclass, received none or several for "
            f"{some(list(wrong))}; set dataset.task=multilabel or drop labels"
        )
