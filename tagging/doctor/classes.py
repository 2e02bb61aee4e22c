"""Classes: how many clips and recordings they have, and which of them the hold-out has."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from foundation.words import counted, listed
from tagging.config.yaml_text import override
from tagging.datasets.holdout import checked_clips, with_test_clips
from tagging.datasets.settings import KEYS
from tagging.datasets.table import TEST, DatasetError, clips_and_recordings
from tagging.doctor.finding import Finding
from tagging.doctor.survey import Survey

FEW_CLIPS = 5  # with fewer, a class can hardly be learned, and its score says nothing
IMBALANCE = 10.0  # times as many clips in the largest class as in the smallest
MOST_NAMES = 20  # of classes that are listed
SHARED = 0.25  # of the clips have names that begin like others
_PATTERNS = ("^(.+)[-_]", "^(.+)[-_][^-_]*[-_]")  # what is before the last, or last but one, - or _ of a name
_SHARES = (0.25, 0.33, 0.4, 0.5)  # of clips to hold out, tried in turn


def describe(survey: Survey) -> dict[str, str]:
    lines = {name: clips_and_recordings(clips) for name, clips in _parts(survey).items()}
    if not survey.dataset.has_labels or survey.trains.empty:
        return lines
    counts, labels = _counts(survey), survey.trains["labels"].map(len)
    smallest, largest = f"{counts.min()} ({counts.idxmin()})", f"{counts.max()} clips ({counts.idxmax()})"
    spread = f"{smallest} to {largest}, median {counts.median():g}"
    lines["classes"] = (
        f"{len(counts)}, of {spread if counts.min() < counts.max() else counted(counts.max(), 'clip') + ' each'}"
    )
    lines["columns"] = listed([f"{n}={name}" for n, name in enumerate(survey.dataset.classes)], MOST_NAMES)
    lines["labels per clip"] = f"{labels.min()} to {labels.max()}, mean {labels.mean():.2f}"
    if len(groups := _recordings(survey)):
        lines["recordings per class"] = f"{groups.min()} to {groups.max()}, median {groups.median():g}"
    return lines


def _parts(survey: Survey) -> dict[str, pd.DataFrame]:
    """The clips of each split, of that with checked labels without those that validation and test clips take from it.

    Where they cannot be drawn, which `held_out_lacks` says, and in a quick look the splits are as they were read.
    """
    config, dataset = survey.config, survey.dataset
    splits = {f"split {name}": dataset.of(name) for name in dict.fromkeys(dataset.clips["split"])}
    if survey.is_quick or survey.trains.empty:
        return splits
    try:
        drawn = with_test_clips(dataset, config.split, config.seed)
        checked, is_held = checked_clips(drawn, config.split, config.seed, config.dataset.exclude)
    except DatasetError:
        return splits
    splits[f"split {dataset.checked}"] = checked[~is_held]
    if is_held.any():
        splits["validation, out of it"] = checked[is_held]
    if drawn is not dataset:
        splits["test, drawn out of it"] = drawn.of(TEST)
    return splits


def rare_classes(survey: Survey) -> Finding | None:
    """Fires where classes have fewer than five clips, but not half of all classes do."""
    if not survey.dataset.has_labels or survey.trains.empty:
        return None
    counts = _counts(survey)
    rare = counts[counts < FEW_CLIPS]
    if rare.empty or len(rare) > len(counts) / 2:
        return None
    return Finding(
        "rare classes",
        f"{len(rare)} of {len(counts)} classes have fewer than {FEW_CLIPS} clips: {_named(rare)}",
        "So few clips are hardly enough to learn a class, or to measure it; min_clips leaves such classes out.",
        (f"dataset.min_clips={FEW_CLIPS}",),
    )


def imbalance(survey: Survey) -> Finding | None:
    """Fires where each clip has one label, and a class has ten times the clips of another (without rare classes)."""
    if not survey.dataset.is_single_label or survey.trains.empty:
        return None
    counts = _counts(survey)
    counts = counts[counts >= FEW_CLIPS]
    is_weighted = all(stage.class_weights is not None for stage in survey.config.stages.values())
    if counts.empty or counts.max() < IMBALANCE * counts.min() or is_weighted:
        return None
    return Finding(
        "imbalance",
        f"{counts.idxmax()} has {counted(counts.max(), 'clip')}, {counts.idxmin()} has {counts.min()}",
        "Without weights, a network gains most by answering with the large classes.",
        ("train.class_weights=balanced",),
    )


def one_recording(survey: Survey) -> Finding | None:
    """Fires where recordings are known and a class has only one: held out, it is not trained, and the reverse."""
    single = _recordings(survey)
    single = single[single == 1]
    if single.empty:
        return None
    return Finding(
        "classes of one recording",
        f"{counted(len(single), 'class has', 'classes have')} clips of one recording only: "
        f"{listed(list(single.index))}",
        "Such a class can be trained or validated, not both; only a second recording changes that.",
        is_grave=True,
    )


def unknown_recordings(survey: Survey) -> Finding | None:
    """Fires where recordings are unknown, and names look as if a quarter of the clips shared theirs with others."""
    clips, settings = survey.dataset.clips, survey.config.dataset
    if (
        "group_pattern" not in KEYS[settings.layout]
        or settings.group_pattern
        or not survey.config.split.holds_out
    ):
        return None
    names = pd.Series([Path(path).name for path in clips["path"]])
    shared = (
        (pattern, _recording_names(names, pattern, len(survey.dataset.classes))) for pattern in _PATTERNS
    )
    pattern, found = next(((pattern, found) for pattern, found in shared if len(found)), ("", names[:0]))
    if found.empty:
        return None
    return Finding(
        "unknown recordings",
        f"recordings are unknown, and {len(found)} of {len(names)} clips have names that begin like others: "
        f"{listed(list(dict.fromkeys(found)))}",
        "If several clips come from one recording, set dataset.group_pattern: else the hold-out has clips of the same "
        "recordings as training, and its score is too good.",
        (override("dataset.group_pattern", pattern),),
    )


def _recording_names(names: pd.Series, pattern: str, n_classes: int) -> pd.Series:
    """What the pattern finds in names, where others have the same; empty if it does not look like recordings."""
    found = names.str.extract(pattern)[0]
    shared = found[found.duplicated(keep=False)]
    is_likely = found.notna().all() and found.nunique() > n_classes and len(shared) >= SHARED * len(names)
    return shared if is_likely else shared[:0]


def held_out_lacks(survey: Survey) -> Finding | None:
    """Fires where the hold-out lacks a class, or cannot be drawn; suggests the smallest share that has all classes."""
    split = survey.config.split
    if survey.is_quick or not split.holds_out or not survey.dataset.has_labels or survey.trains.empty:
        return None
    try:
        lacking = _lacking(survey, split.validation_share)
    except DatasetError as error:
        return Finding(
            "no hold-out", str(error), "Without validation clips, no epoch can be chosen.", is_grave=True
        )
    if not lacking:
        return None
    better = next((share for share in _SHARES if _is_whole(survey, share)), None)
    return Finding(
        "classes that are not validated",
        f"the held-out clips lack {len(lacking)} of {len(survey.dataset.classes)} classes: {listed(lacking)}",
        "Their scores are not measured"
        + (
            f"; a share of {better:g} has all classes."
            if better
            else ", and a larger share does not change that."
        ),
        (f"split.validation_share={better:g}",) if better else (),
    )


def _is_whole(survey: Survey, share: float) -> bool:
    split = survey.config.split
    try:
        return split.file is None and share > split.validation_share and not _lacking(survey, share)
    except DatasetError:
        return False


def _lacking(survey: Survey, share: float) -> list[str]:
    """Classes without a held-out clip, with this share held out."""
    config = survey.config
    dataset = with_test_clips(survey.dataset, config.split, config.seed)
    split = replace(config.split, validation_share=share)
    checked, is_held = checked_clips(dataset, split, config.seed, config.dataset.exclude)
    n_held = dataset.targets(checked[is_held]).sum(axis=0)
    return [name for name, count in zip(dataset.classes, n_held, strict=True) if not count]


def _counts(survey: Survey) -> pd.Series:
    """Clips to train or validate on of each class."""
    return pd.Series(
        survey.dataset.targets(survey.trains).sum(axis=0).astype(int), list(survey.dataset.classes)
    )


def _recordings(survey: Survey) -> pd.Series:
    """Recordings of each class that has any; empty where not all clips have one."""
    clips = survey.trains
    if not survey.dataset.has_labels or clips.empty or (clips["group"] == "").any():
        return pd.Series(dtype=int)
    return clips.explode("labels").groupby("labels")["group"].nunique()


def _named(counts: pd.Series) -> str:
    return listed([f"{name} ({count})" for name, count in counts.sort_values().items()])


RULES = (rare_classes, imbalance, one_recording, unknown_recordings, held_out_lacks)
