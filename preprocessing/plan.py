"""What a cleaning run has to do: compares the data set, the manifest and the files on disk."""

import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from preprocessing.contents import forget_hashes
from preprocessing.folder import (
    AUDIO_SUFFIX,
    FEATURE_SUFFIX,
    CleanFolderError,
    clean_path,
)
from preprocessing.hashes import XXH3, HashKind
from preprocessing.rows import ClipRow, ClipTask, part_name
from preprocessing.settings import CleaningSettings
from preprocessing.up_to_date import up_to_date


@dataclass
class Plan:
    """What is finished (`done`: rows to keep), to be cleaned (`todo`), and to be deleted (`stale`: rows of lost clips).

    `changed` has the names of clips that were finished once and are to be cleaned again.
    """

    done: list[ClipRow] = field(default_factory=list)
    todo: list[ClipTask] = field(default_factory=list)
    stale: list[ClipRow] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


def make_plan(
    clips: pd.DataFrame,
    clean_dir: Path,
    settings: CleaningSettings,
    old: list[ClipRow],
    made: Collection[Path] = (),
    *,
    hash_kind: HashKind = XXH3,
    verify: bool = False,
    hidden: bool | None = True,
) -> Plan:
    """Plans a run for clips that passed `check_clips`; touches nothing.

    Args:
        clips, clean_dir, settings: as `clean_dataset`.
        old: rows of the manifest.
        made: clean files of earlier runs, the only ones that may be replaced.
        hash_kind: of the folder.
        verify: compare the contents of all files, not only of those whose time has changed.
        hidden: of the bar that is shown where comparing takes long; None: hidden if stderr is not a terminal.
    """
    forget_hashes()
    rows = {(row.split, row.fname): row for row in old}
    plan = Plan()
    taken: dict[Path, str] = {}
    suffix = AUDIO_SUFFIX if settings.features.name is None else FEATURE_SUFFIX
    columns = zip(clips["split"], clips["fname"], clips["path"], places(clips), strict=True)
    for split, fname, path, place in tqdm(
        columns, "comparing", len(clips), leave=False, delay=2, disable=hidden
    ):
        row = rows.get((split, fname))
        try:
            target = clean_path(clean_dir, split, fname, suffix)
            _claim(target, fname, taken)
            _check_ours(target, made)
            task = ClipTask(split, fname, Path(path), target, *place, hash_kind)
        except CleanFolderError as error:
            plan.done.append(ClipRow(split, fname, "refused", str(error)))
            continue
        current = row and up_to_date(row, task, settings, verify=verify)
        rows.pop((split, fname), None)
        if current:
            plan.done.append(current)
        else:
            plan.todo.append(task)
            plan.changed += [fname] if row and row.has_audio else []
    plan.stale = [row for row in rows.values() if row.has_audio]
    return plan


def places(clips: pd.DataFrame) -> list[tuple[int, str]]:
    """Row and key of each clip inside its file, see `read_stored`; (-1, "") where the table does not say."""
    rows = clips["row"] if "row" in clips else [-1] * len(clips)
    keys = clips["key"] if "key" in clips else [""] * len(clips)
    return [(int(row), str(key)) for row, key in zip(rows, keys, strict=True)]


def parts(clips: pd.DataFrame) -> list[str]:
    """What of its file each clip is, as `ClipRow.part`."""
    return [part_name(*place) for place in places(clips)]


def check_clips(clips: pd.DataFrame, clean_dir: Path) -> None:
    """Raises CleanFolderError on no clips, a clip named twice, or raw audio inside the clean folder."""
    if clips.empty:
        raise CleanFolderError("expected clips to clean, received none: check dataset.root")
    twice = clips.duplicated(["split", "fname"])
    if twice.any():
        name = clips.loc[twice, "fname"].iloc[0]
        raise CleanFolderError(
            f"expected each clip once per split, received {name!r} twice: remove one of the rows"
        )
    home = clean_dir.resolve()
    for folder in {Path(path).parent for path in clips["path"]}:
        if folder.resolve().is_relative_to(home):
            raise CleanFolderError(
                f"clean_dir {clean_dir} holds the raw audio ({folder}): choose another clean_dir"
            )


def _claim(path: Path, fname: str, taken: dict[Path, str]) -> None:
    if taken.setdefault(path, fname) != fname:
        raise CleanFolderError(f"its clean file would be that of {taken[path]!r}: rename one of them")


def _check_ours(target: Path, made: Collection[Path]) -> None:
    if target not in made and os.path.lexists(target):
        raise CleanFolderError(
            f"its clean file would replace {target}, which preprocess.py did not make: move that away, or choose "
            "another clean_dir"
        )
