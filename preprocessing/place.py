"""Whether a folder may be filled as a clean folder, and with these clips."""

import re
from pathlib import Path

import pandas as pd

from foundation.marks import CLEAN_FOLDER, is_marked
from foundation.parts import PART_PREFIX
from preprocessing.folder import CleanFolderError
from preprocessing.rows import ClipRow
from preprocessing.wav import is_clean_wav

_BEFORE_MARK = re.compile(rf"\.(lock|joining\.lock|shard-.*\.lock)|{re.escape(PART_PREFIX)}.*")
"""Locks, and the mark itself while another process writes it."""


def is_known(clean_dir: Path) -> bool:
    """Whether it is a clean folder already."""
    return is_marked(clean_dir, CLEAN_FOLDER)


def check_ours(clean_dir: Path) -> None:
    """Refuse a folder that was not made as a clean folder, and links in it, which lead out of it.

    Raises:
        CleanFolderError: with what is in the way.
    """
    try:
        clean_dir.resolve()
    except RuntimeError as error:  # links in a circle
        raise CleanFolderError(f"expected a folder to fill, received {clean_dir}: {error}") from error
    paths = list(clean_dir.rglob("*"))
    if not is_known(clean_dir) and any(
        not _BEFORE_MARK.fullmatch(path.name) and not path.is_dir() for path in paths
    ):
        raise CleanFolderError(
            f"expected a new, empty or clean folder, {clean_dir} holds other files, which could be lost: "
            "choose another clean_dir"
        )
    if links := [path for path in paths if path.is_symlink()]:
        raise CleanFolderError(
            f"expected a clean folder without links in it, received {links[0]}, which leads to {links[0].resolve()}: "
            "remove the link, or choose another clean_dir"
        )


def check_same_clips(clips: pd.DataFrame, clean_dir: Path, old: list[ClipRow]) -> None:
    """Refuse to remove the clean audio of a whole data set for that of another one."""
    there = {(row.split, row.fname) for row in old if row.has_audio}
    if there and there.isdisjoint(zip(clips["split"], clips["fname"], strict=True)):
        raise CleanFolderError(
            f"{len(there)} clean clips in {clean_dir} would be lost, none of which is in this data set: choose another "
            "clean_dir, or replace them with --force"
        )


def without_row(clean_dir: Path, rate_hz: int) -> set[Path]:
    """Clean files of a folder without a list, also those that a kill kept from the manifest."""
    return {path for path in clean_dir.rglob("*.wav") if is_clean_wav(path, rate_hz)}
