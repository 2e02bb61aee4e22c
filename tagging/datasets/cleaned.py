"""Clips with the paths of their clean audio in place of the raw."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from foundation.scratch import scratch_folder
from foundation.text import shown_lines
from foundation.words import counted
from preprocessing.clean import clean_dataset
from preprocessing.folder import CleanFolderError, reading
from preprocessing.hashes import HashKind
from preprocessing.manifest import MANIFEST_NAME, SETTINGS_NAME, check_fingerprint, clean_file, read_rows
from preprocessing.plan import parts
from preprocessing.rows import ClipRow
from preprocessing.settings import CleaningSettings
from preprocessing.shards import all_rows, has_shards, unfinished_shards
from preprocessing.up_to_date import has_clean_file, is_suspect, source_state
from tagging.datasets.table import DRAWN_FROM

Audio = tuple[pd.DataFrame, pd.DataFrame]
"""(usable clips, the others): the first with clean `path`, `audio_hash`, and the shape of the features (`steps`,
`bands`; 0 for audio), the second with a `reason`."""


class _FileState(NamedTuple):
    """What a file looks like from outside."""

    path: str
    size: int
    mtime_ns: int


_HASHES: dict[
    tuple[_FileState, HashKind], str
] = {}  # contents that this process has compared: a stage or fold later they are the same


def with_clean_audio(clips: pd.DataFrame, clean_dir: Path, settings: CleaningSettings) -> Audio:
    """Clips with the audio of a clean folder. Where the raw file is there, it must be the one that was cleaned.

    Raises:
        CleanFolderError: the folder is missing, or was made with other settings or from other files, or some
            clips are not cleaned yet, or no longer; or features do not have the same number of bands in all clips.
    """
    check_fingerprint(clean_dir, settings)
    rows, states = noted(clips, clean_dir, settings)
    paths = [clean_file(clean_dir, row) if row.has_audio else None for row in rows]
    _check_states(clips, pd.Series(states, clips.index, dtype=str), clean_dir)
    _check_contents(rows, clean_dir)
    usable = np.array([row.has_audio for row in rows], bool)
    facts = {key: [getattr(row, key) for row in rows] for key in ("audio_hash", "steps", "bands")}
    found = clips.assign(path=pd.Series(paths, clips.index, object), **facts)
    lost = clips.assign(reason=[row.reason for row in rows])
    return _checked(found[usable].reset_index(drop=True), clean_dir), lost[~usable].reset_index(drop=True)


def noted(
    clips: pd.DataFrame, clean_dir: Path, settings: CleaningSettings
) -> tuple[list[ClipRow], list[str]]:
    """What the manifest says of each clip, and whether that holds by size and time of its raw file, and by size of its
    clean file, whose contents `altered` compares.

    Returns:
        The rows, of the status `uncleaned` where there is none; and the states: the status of the row where it holds,
        else `uncleaned` (also where the clean file is gone), or `changed` or `touched` as of `source_state`.

    Raises:
        CleanFolderError: a manifest that cannot be read.
    """
    known = {(row.split, row.fname): row for row in read_rows(clean_dir)}
    names = zip(_as_cleaned(clips)["split"], clips["fname"], strict=True)
    rows = [known.get(name, ClipRow(*name, "uncleaned")) for name in names]
    columns = zip(rows, clips["path"], parts(clips), strict=True)
    return rows, [_state(row, source, part, clean_dir, settings) for row, source, part in columns]


@contextmanager
def clean_audio(
    clips: pd.DataFrame, folders: Sequence[Path], settings: CleaningSettings, jobs: int
) -> Iterator[Audio]:
    """Clips with the audio of the first clean folder that fits, else of a temporary one.

    Raises:
        BusyError: another process is replacing files of that folder.
    """
    faults = []
    for folder in dict.fromkeys(folder for folder in folders if folder.is_dir()):
        with ExitStack() as lock:
            try:
                lock.enter_context(reading(folder))
                audio = with_clean_audio(clips, folder, settings)
            except CleanFolderError as error:
                faults.append(str(error))
            else:
                yield audio
                return
    text = shown_lines("\n".join([*faults, f"cleaning {counted(len(clips), 'clip')} to a temporary folder"]))
    print(text, file=sys.stderr)
    with scratch_folder("tagging-clean-") as temporary:
        clean_dataset(_as_cleaned(clips), temporary / "clean", settings, jobs=jobs)
        yield with_clean_audio(clips, temporary / "clean", settings)


def clean_home(path: Path) -> Path | None:
    """The clean folder that an absolute `path` is, or lies in; None: it is raw audio."""
    for folder in (path, *path.parents):
        if (folder / MANIFEST_NAME).is_file() and (folder / SETTINGS_NAME).is_file():
            return folder
    return None


def _as_cleaned(clips: pd.DataFrame) -> pd.DataFrame:
    """The clips in the splits in which they are cleaned, which do not depend on a draw of test clips."""
    if DRAWN_FROM not in clips:
        return clips
    return clips.assign(split=clips[DRAWN_FROM].where(clips[DRAWN_FROM] != "", clips["split"]))


def _checked(found: pd.DataFrame, clean_dir: Path) -> pd.DataFrame:
    counts = found.groupby("bands")["fname"].agg(["size", "first"])
    if len(counts) > 1:
        shown = "; ".join(
            f"{bands} in {counted(n, 'clip')} (e.g. {first})"
            for bands, n, first in zip(counts.index, counts["size"], counts["first"], strict=True)
        )
        raise CleanFolderError(
            f"expected the same number of bands in all clips of {clean_dir}, received {shown}: "
            "leave clips out, or choose cleaning.features.bands or transpose"
        )
    return found


def _state(row: ClipRow, source: Path, part: str, clean_dir: Path, settings: CleaningSettings) -> str:
    if row.has_audio and not has_clean_file(row, clean_file(clean_dir, row), settings):
        return "uncleaned"
    if row.status == "missing" and source.exists():
        return "uncleaned"
    was_read = row.source_mtime_ns > 0  # not so where the name alone was refused
    return (was_read and source_state(row, source, part)) or row.status


def _check_states(clips: pd.DataFrame, states: pd.Series, clean_dir: Path) -> None:
    if len(changed := clips[states == "changed"]):
        path = Path(changed["path"].iloc[0])
        raise CleanFolderError(
            f"{clean_dir} was made from other files than those in {path.parent} ({len(changed)} "
            f"differ, e.g. {path.name}): run preprocess.py, or choose another clean_dir"
        )
    if len(touched := clips[states == "touched"]):
        path = Path(touched["path"].iloc[0])
        files = counted(len(touched), f"file in {path.parent} has", f"files in {path.parent} have")
        raise CleanFolderError(
            f"{files} other times than when they were cleaned (e.g. {path.name}; "
            "copied?): run preprocess.py, which compares their contents and cleans only what has changed"
        )
    if len(uncleaned := clips[states == "uncleaned"]):
        if has_shards(clean_dir):
            raise CleanFolderError(_of_shards(clips, uncleaned, clean_dir))
        splits, first = ", ".join(dict.fromkeys(uncleaned["split"])), uncleaned["fname"].iloc[0]
        clips_are = counted(len(uncleaned), f"clip of {splits} is", f"clips of {splits} are")
        raise CleanFolderError(f"{clips_are} not cleaned yet (e.g. {first}): run preprocess.py")


def _of_shards(clips: pd.DataFrame, uncleaned: pd.DataFrame, clean_dir: Path) -> str:
    """What is to be done where the parts of shards are not put together yet."""
    known = {(row.split, row.fname) for row in all_rows(clean_dir)}
    names = zip(_as_cleaned(uncleaned)["split"], uncleaned["fname"], strict=True)
    n_lacking = sum(name not in known for name in names)
    lead = f"shards in {clean_dir} are not put together yet"
    if n_lacking:
        lead += f", and {n_lacking} of {len(clips)} clips are not cleaned yet"
    if shards := ", ".join(map(str, unfinished_shards(clean_dir))):
        return (
            f"{lead}; shards that are not finished or not there: {shards}: run preprocess.py with --shard for them, "
            "then without --shard, which puts them together"
        )
    return f"{lead}; all shards are finished: run preprocess.py without --shard, which puts them together"


def altered(rows: Sequence[ClipRow], clean_dir: Path) -> list[ClipRow]:
    """The rows whose clean files are there, with other contents than those noted.

    Files of the time noted are trusted. The others are read: few, unless the folder is a copy.
    """
    paths = [(row, clean_file(clean_dir, row)) for row in rows if row.has_audio]
    suspects = [(row, path) for row, path in paths if is_suspect(row, path)]
    keys = [(_file_state(path), row.hash_kind) for row, path in suspects]
    if new := [key for key in keys if key not in _HASHES]:
        files = counted(len(new), f"file in {clean_dir} has", f"files in {clean_dir} have")
        print(
            f"{files} other times than when they were made (copied?): comparing their "
            "contents; preprocess.py does so once and notes the new times",
            file=sys.stderr,
        )
    _HASHES.update(((state, kind), kind.of_file(Path(state.path))) for state, kind in new)
    return [row for (row, _), key in zip(suspects, keys, strict=True) if _HASHES[key] != row.clean_hash]


def _file_state(path: Path) -> _FileState:
    stat = path.stat()
    return _FileState(str(path), stat.st_size, stat.st_mtime_ns)


def _check_contents(rows: Sequence[ClipRow], clean_dir: Path) -> None:
    if found := altered(rows, clean_dir):
        files = counted(len(found), f"file in {clean_dir} has", f"files in {clean_dir} have")
        raise CleanFolderError(
            f"{files} been altered since they were made (e.g. {found[0].fname}): run "
            "preprocess.py, which makes them again"
        )
