"""Which clips a stage trains on, and which it is validated on."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from foundation.words import counted, some, with_reasons
from tagging.config.checks import check_task
from tagging.config.schema import Config
from tagging.config.selection import SELECTED
from tagging.config.stage import StageSettings
from tagging.datasets.cleaned import with_clean_audio
from tagging.datasets.holdout import checked_clips, noisy_clips, read_with_test_clips
from tagging.datasets.splits import keep_apart
from tagging.datasets.table import DRAWN_FROM, NOISY, TEST, Dataset, DatasetError
from tagging.evaluation.task_kinds import KINDS, TaskKind


@dataclass(frozen=True)
class StageData:
    """Clips of a stage, with clean `path`s and `audio_hash`es.

    Attributes:
        dataset: where they come from.
        train, validation: tables of usable clips; validation is empty where nothing is held out. `split` of a
            training clip is the source it came by.
        held_out: table of usable clips with checked labels that are held out; `validation`, unless noisy clips
            validate.
        targets: labels (or values) of the training clips, (train, classes) float32.
        backgrounds: table of noisy clips that may lie under training clips, where the stage asks for it; else empty.
        checked: all clips with checked labels, usable or not, with raw `path`s, and `is_validation`: which are
            held out.
        noisy: the same of the noisy clips, where some of these validate; else None.
        notes: what was left out and why, a line each.
    """

    dataset: Dataset
    train: pd.DataFrame
    targets: np.ndarray
    validation: pd.DataFrame
    held_out: pd.DataFrame
    backgrounds: pd.DataFrame
    checked: pd.DataFrame
    is_validation: np.ndarray
    noisy: tuple[pd.DataFrame, np.ndarray] | None
    notes: tuple[str, ...]

    @property
    def kind(self) -> TaskKind:
        """The kind of the data set's task."""
        return KINDS[self.dataset.task]


def stage_data(config: Config, settings: StageSettings) -> StageData:
    """Clips for training on the stage's sources; refused and missing ones are left out.

    The hold-out depends on the data set, `split` and `seed` alone: it is the same in every stage, and whether
    a clip is usable moves no other one. It is kept apart from training also where `split.noisy_share` lets noisy clips
    validate. Of source `selected` all noisy clips are here, see `selection.py`.

    Raises:
        CleanFolderError: clips that are not cleaned yet, or a clean folder that does not fit.
        DatasetError: a data set or hold-out that cannot be used.
        ConfigError, LossError: a stage, this one or a later one, is set for another kind of task.
    """
    dataset = read_with_test_clips(config.dataset, config.split, config.seed)
    check_task(config, dataset.task)
    _check_numbers(dataset, settings)
    sources = {NOISY if source == SELECTED else source: source for source in settings.sources}
    background = [NOISY] if settings.augment.background.probability > 0 else []
    _check_sources(config, dataset, settings, [*sources, *background])
    checked, is_validation = checked_clips(dataset, config.split, config.seed, config.dataset.exclude)
    drawn = [TEST] if DRAWN_FROM in dataset.clips else []
    wanted = dict.fromkeys([*sources, dataset.checked, *background, *drawn])
    clips, lost = with_clean_audio(dataset.of(*wanted), Path(config.clean_dir), config.cleaning)
    held_out = _rows_of(clips, dataset.checked, checked["fname"][is_validation])
    noisy, validation = None, held_out
    if settings.is_noisy and config.split.noisy_share > 0:
        noisy = noisy_clips(dataset, config.split, config.seed)
        validation = _rows_of(clips, NOISY, noisy[0]["fname"][noisy[1]])
    is_held = clips.index.isin(held_out.index.union(validation.index)) | clips["split"].isin(drawn)
    held_out, validation = (part.reset_index(drop=True) for part in (held_out, validation))
    apart = clips[~is_held & keep_apart(clips, clips[is_held])]
    train = apart[apart["split"].isin(sources)].reset_index(drop=True)
    n_free = int((clips["split"].isin(sources) & ~is_held).sum())
    notes = _left_out(lost, len(train), n_free, "validation or test" if drawn else "validation")
    if train.empty:
        raise DatasetError(f"expected training clips in {settings.sources}, found none; {' '.join(notes)}")
    if (noisy[1] if noisy else is_validation).any() and validation.empty:
        raise DatasetError(f"expected usable validation clips, found none; {' '.join(notes)}")
    notes += [*_missing_classes(dataset, train), *_long_pieces(config, train)]
    targets = dataset.targets(train)
    train = train.assign(split=train["split"].map(sources))
    backgrounds = apart[apart["split"].isin(background)].reset_index(drop=True)
    return StageData(
        dataset=dataset,
        train=train,
        targets=targets,
        validation=validation,
        held_out=held_out,
        backgrounds=backgrounds,
        checked=checked,
        is_validation=is_validation,
        noisy=noisy,
        notes=tuple(notes),
    )


def _left_out(lost: pd.DataFrame, n_train: int, n_free: int, held: str) -> list[str]:
    """A line on clips without audio, and one on those that share a recording with clips that are held out."""
    notes = []
    if len(lost):
        reasons = with_reasons(zip(lost["fname"], lost["reason"], strict=True))
        clips_are = counted(len(lost), "clip without clean audio is", "clips without clean audio are")
        notes.append(f"{clips_are} left out: {reasons}")
    if n_train < n_free:
        notes.append(
            f"{n_free - n_train} of {n_free} clips share a recording with {held} clips and are left out"
        )
    return notes


def _rows_of(clips: pd.DataFrame, split: str, fnames: Collection[str]) -> pd.DataFrame:
    return clips[(clips["split"] == split) & clips["fname"].isin(fnames)]


def _check_sources(config: Config, dataset: Dataset, settings: StageSettings, wanted: Sequence[str]) -> None:
    """Refuse splits that the data set has not, with the key to set."""
    known = list(dict.fromkeys(dataset.clips["split"]))
    if not (unknown := [split for split in wanted if split not in known]):
        return
    place, checked = config.dataset.table or config.dataset.root, dataset.checked
    if unknown == [NOISY]:
        raise DatasetError(
            f"{place} has no noisy clips (split {NOISY}); to train without them: "
            f"--stage {checked} stages.{checked}.init=none"
        )
    name = next((name for name, stage in config.stages.items() if stage == settings), "NAME")
    raise DatasetError(
        f"stages.{name}.sources: expected splits out of {', '.join(known)}, which {place} has, received "
        f"{', '.join(unknown)}; set stages.{name}.sources=[{checked}]"
    )


def _missing_classes(dataset: Dataset, train: pd.DataFrame) -> list[str]:
    """A line if some labels have no training clip: the network cannot learn them, but may be asked for them."""
    seen = {label for labels in train["labels"] for label in labels}
    missing = [label for label in dataset.classes if label not in seen]
    if not (dataset.has_labels and missing):
        return []
    return [
        f"no training clip has the label {some(missing)}: it cannot be learned; dataset.drop leaves it out"
    ]


def _long_pieces(config: Config, train: pd.DataFrame) -> list[str]:
    """A line if every clip would be repeated to fill a piece."""
    settings = config.sequence
    if config.cleaning.features.name is None or not settings.fixed:
        return []
    longest = int(train["steps"].max())
    if longest >= settings.max_steps:
        return []
    return [
        f"sequence.max_steps={settings.max_steps}: clips have at most {longest} steps and are repeated to fill it"
    ]


def _check_numbers(dataset: Dataset, settings: StageSettings) -> None:
    """Refuse for numbers what only labels can have; class weights look after themselves."""
    if dataset.has_labels:
        return
    augment = settings.augment
    if augment.waveform_mix.probability > 0 or (augment.mixup.alpha > 0 and augment.mixup.labels == "or"):
        raise DatasetError(
            "augment.waveform_mix and augment.mixup.labels=or give a mixture all labels of its "
            "clips, and this data set has numeric targets; turn them off (mixup.labels=mix blends targets)"
        )
    if SELECTED in settings.sources:
        raise DatasetError(
            f"source {SELECTED} applies to labels, and this data set has numeric targets; use noisy"
        )
