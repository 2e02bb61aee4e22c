"""Shards of a data set, cleaned into one folder by separate commands, also at the same time on several machines.

Each shard has its own part of the manifest, and of the list of clean files. A command without a shard takes them over:
it finds what is done, does the rest, writes the manifest and removes the parts.
"""

import sys
from collections.abc import Container, Iterable
from contextlib import ExitStack
from pathlib import Path

import pandas as pd

from foundation.locks import BusyError, is_free, locked, shared_lock, waiting_lock
from foundation.shards import Shard, shard_of_name
from foundation.words import counted
from preprocessing.folder import LOCK_NAME, READERS_NAME
from preprocessing.manifest import (
    MADE_NAME,
    MANIFEST_NAME,
    check_fingerprint,
    clean_file,
    read_made,
    read_rows,
    write_made,
    write_rows,
    write_settings,
)
from preprocessing.place import check_ours, check_same_clips, is_known, without_row
from preprocessing.plan import Plan, make_plan
from preprocessing.rows import ClipRow, hash_kind_of
from preprocessing.settings import CleaningSettings

_JOINING = ".joining.lock"  # held for moments, while a shard makes itself known


def manifest_of(shard: Shard) -> str:
    """The name of its part of the manifest."""
    return f"manifest-{shard.name}.csv"


def made_of(shard: Shard) -> str:
    """The name of its part of the list of clean files."""
    return f"made-{shard.name}.json"


def in_shard(clips: pd.DataFrame, shard: Shard) -> pd.DataFrame:
    """The clips of a shard, by the order of their splits and names."""
    ordered = clips.sort_values(["split", "fname"])
    return ordered.iloc[list(shard.of(range(len(ordered))))].reset_index(drop=True)


def join_shard(
    clips: pd.DataFrame,
    clean_dir: Path,
    settings: CleaningSettings,
    shard: Shard,
    locks: ExitStack,
    **compare,
) -> Plan:
    """What a shard has to do, and the folder made ready for it.

    Args:
        clips: all of the data set.
        clean_dir, settings: as `clean_dataset`.
        shard: which part of them.
        locks: gets the locks of the shard: no command without a shard works meanwhile, none for the same shard, and
            none for a shard of another number of shards.
        compare: options of `make_plan`.

    Raises:
        CleanFolderError: the folder holds other files, or was made with other settings.
        BusyError: another process does the same work, or reads clips that have to be replaced.
    """
    check_ours(clean_dir)
    _lock(clean_dir, shard, locks)
    with waiting_lock(clean_dir / _JOINING):
        if is_known(clean_dir):
            check_fingerprint(clean_dir, settings)
        else:
            write_settings(clean_dir, settings)  # the folder's mark comes first
            (clean_dir / READERS_NAME).touch(exist_ok=True)
            write_made(clean_dir, [])
    made, old = all_made(clean_dir, settings.rate_hz), all_rows(clean_dir)
    check_same_clips(clips, clean_dir, old)
    own = in_shard(clips, shard)
    names = set(zip(own["split"], own["fname"], strict=True))
    own_rows = [row for row in old if (row.split, row.fname) in names]
    plan = make_plan(own, clean_dir, settings, own_rows, made, hash_kind=hash_kind_of(old), **compare)
    targets = {task.target for task in plan.todo}
    write_made(
        clean_dir, {*_own_made(clean_dir, shard), *targets, *_files(clean_dir, plan.done)}, made_of(shard)
    )
    _remove_replaced(clean_dir, plan)
    write_rows(clean_dir, _with_others(clean_dir, shard, plan.done, names), manifest_of(shard))
    return plan


def finish_shard(clean_dir: Path, shard: Shard, rows: list[ClipRow]) -> None:
    """Put the parts of a shard in order, now that all of it is done."""
    names = {(row.split, row.fname) for row in rows}
    write_rows(clean_dir, _with_others(clean_dir, shard, rows, names), manifest_of(shard))
    write_made(clean_dir, filter(Path.exists, _own_made(clean_dir, shard)), made_of(shard))


def _with_others(
    clean_dir: Path, shard: Shard, rows: Iterable[ClipRow], names: Container[tuple[str, str]]
) -> list[ClipRow]:
    """The rows of a shard, and those in its part of clips that left the data set, or are another shard's by now."""
    there = read_rows(clean_dir, manifest_of(shard))
    return [*rows, *(row for row in there if (row.split, row.fname) not in names)]


def _own_made(clean_dir: Path, shard: Shard) -> set[Path]:
    """The list of a shard, also of clips that are not its own any more."""
    has_list = (clean_dir / made_of(shard)).is_file()
    return read_made(clean_dir, made_of(shard)) if has_list else set()


def all_rows(clean_dir: Path) -> list[ClipRow]:
    """Rows of the manifest and of its parts, of each clip the newest."""
    parts = sorted(_parts(clean_dir, "manifest", ".csv"), key=lambda path: path.stat().st_mtime_ns)
    rows = [row for path in (clean_dir / MANIFEST_NAME, *parts) for row in read_rows(clean_dir, path.name)]
    return list({(row.split, row.fname): row for row in rows}.values())


def all_made(clean_dir: Path, rate_hz: int) -> set[Path]:
    """The clean files that were made here by any command, see `read_made`."""
    made = read_made(clean_dir)
    if is_known(clean_dir) and not (clean_dir / MADE_NAME).is_file():
        made |= without_row(clean_dir, rate_hz)
    return made.union(*(read_made(clean_dir, path.name) for path in _parts(clean_dir, "made", ".json")))


def tell_unfinished(clips: pd.DataFrame, clean_dir: Path, old: Iterable[ClipRow]) -> None:
    """A line on stderr where shards of which others are there have not done all of their clips."""
    known = {(row.split, row.fname) for row in old}
    lines = []
    for count in sorted({shard_of_name(_name(path)).count for path in _parts(clean_dir, "manifest", ".csv")}):
        for shard in (Shard(number, count) for number in range(1, count + 1)):
            own = in_shard(clips, shard)
            n_lacking = sum(name not in known for name in zip(own["split"], own["fname"], strict=True))
            lines += [f"{shard} ({n_lacking} of its {counted(len(own), 'clip')})"] * bool(n_lacking)
    if lines:
        print(f"shards that are not finished: {', '.join(lines)}; cleaning these clips here", file=sys.stderr)


def has_shards(clean_dir: Path) -> bool:
    """Whether parts of shards wait to be put together."""
    return bool(_parts(clean_dir, "manifest", ".csv"))


def unfinished_shards(clean_dir: Path) -> list[Shard]:
    """The shards, of each number of shards of which any is there, that are not there, or did not come to their end.

    Unlike `tell_unfinished` this needs no table of all clips: a shard lists the files that it will make before it
    starts, and at its end those that it made.
    """
    there = {shard_of_name(_name(path)) for path in _parts(clean_dir, "manifest", ".csv")}
    done = {*_files(clean_dir, all_rows(clean_dir))}
    counts = sorted({shard.count for shard in there})
    every = [Shard(number, count) for count in counts for number in range(1, count + 1)]
    return [shard for shard in every if shard not in there or _own_made(clean_dir, shard) - done]


def remove_shards(clean_dir: Path) -> None:
    """Remove the parts of shards, once the manifest has what was in them."""
    for path in (*_parts(clean_dir, "manifest", ".csv"), *_parts(clean_dir, "made", ".json")):
        path.unlink(missing_ok=True)
    for path in clean_dir.glob(".shard-*-of-*.lock"):
        path.unlink(missing_ok=True)


def _lock(clean_dir: Path, shard: Shard, locks: ExitStack) -> None:
    clean_dir.mkdir(parents=True, exist_ok=True)
    (clean_dir / LOCK_NAME).touch(exist_ok=True)
    locks.enter_context(shared_lock(clean_dir / LOCK_NAME, f"cleaning into {clean_dir}"))
    own = clean_dir / f".shard-{shard.name}.lock"
    locks.enter_context(locked(own, f"cleaning shard {shard} into {clean_dir}"))
    for other in clean_dir.glob(".shard-*-of-*.lock"):
        found = shard_of_name(other.stem.removeprefix(".shard-"))
        if found.count != shard.count and not is_free(other):
            raise BusyError(
                f"another process is cleaning shard {found} into {clean_dir}: wait for it, or use n={found.count}"
            )


def _remove_replaced(clean_dir: Path, plan: Plan) -> None:
    """Remove clean files that are made again, while nobody reads: what readers then see is that they are not there.

    Without its raw file an altered clean file stays, see `without_audio`.
    """
    old = [task.target for task in plan.todo if task.target.exists() and task.source.exists()]
    if old:
        with (
            waiting_lock(clean_dir / _JOINING),
            locked(clean_dir / READERS_NAME, f"reading {clean_dir}"),
        ):
            for path in old:
                path.unlink(missing_ok=True)


def _files(clean_dir: Path, rows: Iterable[ClipRow]) -> list[Path]:
    return [clean_file(clean_dir, row) for row in rows if row.has_audio]


def _parts(clean_dir: Path, stem: str, suffix: str) -> list[Path]:
    return sorted(clean_dir.glob(f"{stem}-*-of-*{suffix}"))


def _name(part: Path) -> str:
    """Of the shard."""
    return part.stem.partition("-")[2]
