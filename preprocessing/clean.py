"""Cleans a whole data set into a clean folder: parallel, resumable, atomic."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pandas as pd

from foundation.locks import locked
from foundation.parallel import ParallelSettings
from foundation.parts import sweep_parts
from foundation.shards import Shard
from foundation.words import counted, some
from preprocessing.folder import LOCK_NAME, READERS_NAME, CleanFolderError
from preprocessing.manifest import (
    MANIFEST_NAME,
    check_fingerprint,
    clean_file,
    to_table,
    write_made,
    write_rows,
    write_settings,
)
from preprocessing.place import check_ours, check_same_clips, is_known
from preprocessing.plan import Plan, check_clips, make_plan
from preprocessing.pool import clean_all
from preprocessing.rows import hash_kind_of
from preprocessing.settings import CleaningSettings
from preprocessing.shards import (
    all_made,
    all_rows,
    finish_shard,
    join_shard,
    manifest_of,
    remove_shards,
    tell_unfinished,
)
from preprocessing.work import work


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
    check_ours(clean_dir)
    hidden = None if progress else True  # None: hidden if stderr is not a terminal
    with _filling(clips, clean_dir, jobs) as locks:
        locks.enter_context(locked(clean_dir / LOCK_NAME, f"cleaning into {clean_dir}"))
        compare = partial(make_plan, verify=verify, hidden=hidden)
        plan = _prepare(clips, clean_dir, settings, force, locks, compare)
        rows = work(plan, clean_dir, clean_all(plan.todo, settings, jobs, parallel), hidden)
        write_rows(clean_dir, rows)
        write_made(clean_dir, [clean_file(clean_dir, row) for row in rows if row.has_audio])
        remove_shards(clean_dir)
    return to_table(rows)


def clean_shard(
    clips: pd.DataFrame,
    clean_dir: Path | str,
    settings: CleaningSettings,
    shard: Shard,
    *,
    jobs: int = 1,
    verify: bool = False,
    progress: bool = True,
    parallel: ParallelSettings = ParallelSettings(),  # noqa: B008  frozen
) -> pd.DataFrame:
    """Brings a part of a data set up to date, and returns its rows; other parts may be worked on at the same time.

    `clean_dataset` then finds what is done, and writes the manifest.

    Args:
        clips: all of the data set; the other arguments and errors are those of `clean_dataset`.
        shard: which part of them.
    """
    clean_dir, hidden = Path(clean_dir), None if progress else True
    with _filling(clips, clean_dir, jobs) as locks:
        plan = join_shard(clips, clean_dir, settings, shard, locks, verify=verify, hidden=hidden)
        chunks = clean_all(plan.todo, settings, jobs, parallel)
        rows = work(plan, clean_dir, chunks, hidden, manifest_of(shard))
        finish_shard(clean_dir, shard, rows)
    return to_table(rows)


@contextmanager
def _filling(clips: pd.DataFrame, clean_dir: Path, jobs: int) -> Iterator[ExitStack]:
    """For locks that are held while a folder is filled with clips that pass the checks."""
    if jobs < 1:
        raise CleanFolderError(f"jobs: expected at least 1, received {jobs}")
    check_clips(clips, clean_dir)
    try:
        with ExitStack() as locks:
            yield locks
    except OSError as error:
        raise CleanFolderError(f"cannot write the clean folder {clean_dir}: {error}") from error


def _prepare(
    clips: pd.DataFrame,
    clean_dir: Path,
    settings: CleaningSettings,
    force: bool,
    locks: ExitStack,
    compare: Callable[..., Plan],
) -> Plan:
    """What is to do, and the folder made ready for it; readers are kept out where clean files are replaced."""
    known = is_known(clean_dir)
    if known and not force:
        check_fingerprint(clean_dir, settings)
    made = all_made(clean_dir, settings.rate_hz)
    old = [] if force else all_rows(clean_dir)
    check_same_clips(clips, clean_dir, old)
    if not force:
        tell_unfinished(clips, clean_dir, old)
    plan = compare(clips, clean_dir, settings, old, made, hash_kind=hash_kind_of(old))
    if plan.changed:
        changed = counted(len(plan.changed), "clip has changed and is", "clips have changed and are")
        print(f"{changed} cleaned again: {some(plan.changed)}", file=sys.stderr)
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


def _delete_all(clean_dir: Path, made: Iterable[Path]) -> None:
    """Takes our audio out, then the manifest; new settings come after, so that no kill mixes old and new."""
    for path in made:
        path.unlink(missing_ok=True)
    (clean_dir / MANIFEST_NAME).unlink(missing_ok=True)
    remove_shards(clean_dir)
