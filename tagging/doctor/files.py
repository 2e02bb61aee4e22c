"""Clips that cannot be used, hold nothing, or are there twice."""

from collections.abc import Callable

import pandas as pd

from foundation.text import shown
from foundation.words import counted, listed, with_reasons
from preprocessing.hashes import mixture
from tagging.datasets.table import TEST
from tagging.doctor.finding import Finding
from tagging.doctor.survey import USABLE, Survey

SILENT_DBFS = -60.0  # a peak at most this high
MOST_EXCLUDED = 50  # names in one suggestion


def describe(survey: Survey) -> dict[str, str]:
    unusable = _unusable(survey)
    return {
        "looked at": survey.source,
        "unusable": f"{len(unusable)} of {len(survey.known)} clips",
        "silent": f"{len(_silent(survey))} of {len(survey.heard)} clips",
        "copies": f"{counted(len(_copies(survey)), 'clip has', 'clips have')} the audio of another",
    }


def unusable(survey: Survey) -> Finding | None:
    """Fires where any clip is refused or missing."""
    bad = _unusable(survey)
    if bad.empty:
        return None
    reasons = with_reasons(zip(bad["fname"], bad["reason"], strict=True))
    return Finding(
        "unusable clips",
        f"{len(bad)} of {len(survey.known)} clips cannot be used: {reasons}",
        "Training leaves them out; test clips have to be scored, so repair those.",
        is_grave=bool((bad["split"] == TEST).any()),
    )


def silent(survey: Survey) -> Finding | None:
    """Fires where any clip has a peak of at most -60 dBFS."""
    clips = _silent(survey)
    if clips.empty:
        return None
    return Finding(
        "silent clips",
        f"{len(clips)} of {len(survey.heard)} clips have a peak of at most {SILENT_DBFS:g} dBFS: {_names(clips)}",
        "A network learns from them that silence has their labels.",
        exclude=_training(clips),
    )


def contradictions(survey: Survey) -> Finding | None:
    """Fires where the same audio has different labels among clips to train on."""
    same = _copies(survey)
    same = _where(same[same["split"] != TEST], lambda group: _answers(group) > 1)
    if same.empty or not survey.dataset.has_labels:
        return None
    return Finding(
        "contradicting labels",
        f"{len(same)} clips have the audio of another clip and other labels: {_names(same)}",
        "At most one of the answers is right; listen to them, or leave all of them out.",
        exclude=_training(same),
        is_grave=True,
    )


def leaks(survey: Survey) -> Finding | None:
    """Fires where a test clip has the audio of a clip to train on."""
    same = _where(_copies(survey), _is_leak)
    if same.empty:
        return None
    trained = same[same["split"] != TEST]
    return Finding(
        "test clips in training",
        f"{counted(len(trained), 'clip to train on has', 'clips to train on have')} the audio of a test clip: "
        f"{_names(trained)}",
        "The score on such test clips measures memory.",
        exclude=_training(trained),
        is_grave=True,
    )


def copies(survey: Survey) -> Finding | None:
    """Fires where clips to train on are there twice with the same labels."""
    same = _copies(survey)
    same = _where(same[same["split"] != TEST], lambda group: _answers(group) == 1)
    extra = same[same.duplicated("content")]
    if extra.empty:
        return None
    return Finding(
        "copies",
        f"{counted(len(extra), 'clip is a copy of another', 'clips are copies of others')} with the same labels: "
        f"{_names(extra)}",
        "Copies count twice in training; copies of held-out clips are left out by themselves.",
        exclude=_training(extra),
    )


def two_kinds_of_hashes(survey: Survey) -> Finding | None:
    """Fires where the manifest has hashes of older and of newer versions."""
    if not (received := mixture(survey.clips["audio_hash"])):
        return None
    return Finding(
        "two kinds of hashes",
        f"expected hashes of one kind in the manifest, received {received}",
        "Copies are not found across the two, and training refuses them; preprocess.py --force makes all of one kind.",
    )


def _unusable(survey: Survey) -> pd.DataFrame:
    return survey.known[~survey.known["status"].isin(USABLE)]


def _silent(survey: Survey) -> pd.DataFrame:
    return survey.heard[survey.heard["peak_dbfs"] <= SILENT_DBFS]


def _copies(survey: Survey) -> pd.DataFrame:
    """Clips whose content another clip has, too."""
    clips = survey.clips
    clips = clips[(clips["content"] != "") & ~clips.index.isin(_unusable(survey).index)]
    return clips[clips.duplicated("content", keep=False)].sort_values(["content", "split", "fname"])


def _where(same: pd.DataFrame, is_meant: Callable[[pd.DataFrame], bool]) -> pd.DataFrame:
    """The clips of those contents that more than one clip has and `is_meant` is true of."""
    groups = [group for _, group in same.groupby("content") if len(group) > 1 and is_meant(group)]
    return pd.concat(groups) if groups else same[:0]


def _answers(clips: pd.DataFrame) -> int:
    """How many sets of labels the clips have."""
    return len(set(map(frozenset, clips["labels"])))


def _is_leak(clips: pd.DataFrame) -> bool:
    return len(set(clips["split"] == TEST)) > 1


def _training(clips: pd.DataFrame) -> tuple[str, ...]:
    """Names to exclude; none if there are too many to read."""
    names = tuple(clips.loc[clips["split"] != TEST, "fname"])
    return names if len(names) <= MOST_EXCLUDED else ()


def _names(clips: pd.DataFrame) -> str:
    return listed(
        [shown(f"{split}/{name}") for split, name in zip(clips["split"], clips["fname"], strict=True)]
    )


RULES = (unusable, silent, contradictions, leaks, copies, two_kinds_of_hashes)
