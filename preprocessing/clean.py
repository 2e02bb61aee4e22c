"""Cleans a whole data set into a clean folder: parallel, resumable, atomic."""

import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from foundation.locks import locked
from foundation.marks import CLEAN_FOLDER, is_marked
from foundation.parallel import ParallelSettings
from foundation.parts import sweep_parts
from foundation.words import some
from preprocessing.folder import LOCK_NAME, READERS_NAME, CleanFolderError
from preprocessing.manifest import (
    MADE_NAME,
    MANIFEST_NAME,
    append_rows,
    check_fingerprint,
    clean_file,
    read_made,
    read_rows,
    to_table,
    write_made,
    write_rows,
    write_settings,
)
from preprocessing.plan import Plan, check_clips, make_plan
from preprocessing.pool import clean_all
from preprocessing.rows import ClipRow
from preprocessing.settings import CleaningSettings
from preprocessing.wav import is_clean_wav


def clean_dataset(
    clips: pd.DataFrame,
    clean_dir: Path | str,
    settings: CleaningSettings,
    *,
    jobs: int = 1,
    force: bool = False,
    verify: bool = False,
    progress: bool = True,
    parallel: ParallelSettings = ParallelSettings(),  # noqa: B008  frozen
) -> pd.DataFrame:
    """Brings a clean folder up to date with a data set and returns its manifest.

    Only what is missing or changed is done: clips without a manifest row or clean file, clips whose raw or clean file
    has other contents, and clips refused before. Contents are compared where sizes are equal and times are not.
    Clips that left the data set leave the folder. A clip whose raw file is gone keeps its finished clean file.

    Args:
        clips: columns `fname`, `path` (raw file) and `split`; a clip once per split. Features stored in a larger
            array have `row` and, in HDF5, `key` too, see `read_stored`.
        clean_dir: folder to fill; made if needed.
        settings: rate and silence rules, by split and raw length; which features to make, if any.
        jobs: worker processes; 1 works in this process.
        force: remake everything, whatever settings the folder was made with.
        verify: compare the contents of all files, also of those whose size and time are as they were.
        progress: show a progress bar on stderr, where that is a terminal.
        parallel: what works: processes of this machine, or a cluster.

    Raises:
        ClusterError: a cluster that cannot be used.
        CleanFolderError: the folder was made with other settings, holds the raw audio, cannot be written, or is
            being filled by another process.
        KeyboardInterrupt: after Ctrl-C, when the manifest is in order.
    """
    clean_dir = Path(clean_dir)
    if jobs < 1:
        raise CleanFolderError(f"jobs: expected at least 1, received {jobs}")
    _check_ours(clean_dir)
    check_clips(clips, clean_dir)
    try:
        with ExitStack() as locks:
            locks.enter_context(locked(clean_dir / LOCK_NAME, f"cleaning into {clean_dir}"))
            hidden = None if progress else True  # None: hidden if stderr is not a terminal
            compare = partial(make_plan, verify=verify, hidden=hidden)
            plan = _prepare(clips, clean_dir, settings, force, locks, compare)
            rows = _work(plan, clean_dir, clean_all(plan.todo, settings, jobs, parallel), hidden)
            write_rows(clean_dir, rows)
            write_made(clean_dir, [clean_file(clean_dir, row) for row in rows if row.has_audio])
    except OSError as error:
        raise CleanFolderError(f"cannot write the clean folder {clean_dir}: {error}") from error
    return to_table(rows)


def _is_known(clean_dir: Path) -> bool:
    return is_marked(clean_dir, CLEAN_FOLDER)


def _check_ours(clean_dir: Path) -> None:
    """Refuse a folder that was not made as a clean folder, and links in it, which lead out of it."""
    try:
        clean_dir.resolve()
    except RuntimeError as error:  # links in a circle
        raise CleanFolderError(f"expected a folder to fill, received {clean_dir}: {error}") from error
    paths = list(clean_dir.rglob("*"))
    if not _is_known(clean_dir) and any(path.name != LOCK_NAME and not path.is_dir() for path in paths):
        raise CleanFolderError(
            f"expected a new, empty or clean folder, {clean_dir} holds other files, which could be lost: "
            "choose another clean_dir"
        )
    if links := [path for path in paths if path.is_symlink()]:
        raise CleanFolderError(
            f"expected a clean folder without links in it, received {links[0]}, which leads to {links[0].resolve()}: "
            "remove the link, or choose another clean_dir"
        )


def _prepare(
    clips: pd.DataFrame,
    clean_dir: Path,
    settings: CleaningSettings,
    force: bool,
    locks: ExitStack,
    compare: Callable[..., Plan],
) -> Plan:
    """What is to do, and the folder made ready for it; readers are kept out where clean files are replaced."""
    known = _is_known(clean_dir)
    if known and not force:
        check_fingerprint(clean_dir, settings)
    made = read_made(clean_dir)
    if known and not (clean_dir / MADE_NAME).is_file():
        made |= _without_row(clean_dir, settings.rate_hz)
    old = [] if force else read_rows(clean_dir)
    _check_same_clips(clips, clean_dir, old)
    plan = compare(clips, clean_dir, settings, old, made)
    if plan.changed:
        print(
            f"{len(plan.changed)} clips have changed and are cleaned again: {some(plan.changed)}",
            file=sys.stderr,
        )
    if (force and made) or plan.stale or any(task.target.exists() for task in plan.todo):
        locks.enter_context(locked(clean_dir / READERS_NAME, f"reading {clean_dir}"))
    if known:
        sweep_parts(clean_dir)
    else:
        write_settings(clean_dir, settings)  # the folder's mark comes first
    (clean_dir / READERS_NAME).touch(exist_ok=True)
    write_made(clean_dir, [*made, *(task.target for task in plan.todo)])
    if known and force:
        _delete_all(clean_dir, made)
    for row in plan.stale:
        clean_file(clean_dir, row).unlink(missing_ok=True)
    write_settings(clean_dir, settings)
    write_rows(clean_dir, plan.done)
    return plan


def _without_row(clean_dir: Path, rate_hz: int) -> set[Path]:
    """Clean files of a folder without a list, also those that a kill kept from the manifest."""
    return {path for path in clean_dir.rglob("*.wav") if is_clean_wav(path, rate_hz)}


def _check_same_clips(clips: pd.DataFrame, clean_dir: Path, old: list[ClipRow]) -> None:
    """Refuse to remove the clean audio of a whole data set for that of another one."""
    there = {(row.split, row.fname) for row in old if row.has_audio}
    if there and there.isdisjoint(zip(clips["split"], clips["fname"], strict=True)):
        raise CleanFolderError(
            f"{len(there)} clean clips in {clean_dir} would be lost, none of which is in this data set: choose another "
            "clean_dir, or replace them with --force"
        )


def _delete_all(clean_dir: Path, made: Iterable[Path]) -> None:
    """Takes our audio out, then the manifest; new settings come after, so that no kill mixes old and new."""
    for path in made:
        path.unlink(missing_ok=True)
    (clean_dir / MANIFEST_NAME).unlink(missing_ok=True)


def _work(
    plan: Plan, clean_dir: Path, chunks: Generator[list[ClipRow], None, None], hidden: bool | None
) -> list[ClipRow]:
    """All rows, which are in the manifest as they come."""
    rows = list(plan.done)
    try:
        with closing(_shown(plan, chunks, hidden)) as shown:
            for chunk in shown:
                append_rows(clean_dir, chunk)
                rows += chunk
    except KeyboardInterrupt:
        write_rows(clean_dir, rows)
        raise
    return rows


def _shown(
    plan: Plan, chunks: Generator[list[ClipRow], None, None], hidden: bool | None
) -> Generator[list[ClipRow], None, None]:
    """Moves a bar with rate and time left as clips get done; closing it stops the workers."""
    total = len(plan.todo) + len(plan.done)
    with (
        tqdm(total=total, initial=len(plan.done), desc="cleaning", unit="clip", disable=hidden) as bar,
        closing(chunks),
    ):
        for chunk in chunks:
            yield chunk
            bar.update(len(chunk))
