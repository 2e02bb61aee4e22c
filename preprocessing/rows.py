"""A clip to clean, and what the manifest says of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from preprocessing.folder import AUDIO_SUFFIX, FEATURE_SUFFIX
from preprocessing.hashes import XXH3, HashKind, kind_of, kind_of_all


@dataclass(frozen=True)
class ClipRow:
    """A row of the manifest; the fields are its columns.

    Attributes:
        status: `ok`, `kept_whole` (too little would remain), `refused` (unusable) or `missing` (no file).
        reason: why, or what is to be known about an `ok` clip (what was not heard).
        seconds_in, seconds_out: of the raw and of the clean audio, also where features are kept in its place;
            0 for stored features.
        clipped: samples beyond full scale after resampling.
        audio_hash: of the decoded samples, whatever the file format; the same for the same audio. Of stored
            features: of their values.
        source_bytes, source_mtime_ns: of the raw file when it was read, to see changes.
        steps, bands: shape of the features; 0 for audio.
        part: what of the raw file is the clip, `KEY[ROW]`; "" for the whole file.
        source_hash, clean_hash: of the raw file, as it was read, and of the clean file; "" in folders of older
            versions. All hashes of a row are of one kind, see `HashKind`.
        clean_mtime_ns: of the clean file when it was made, or last compared.
    """

    split: str
    fname: str
    status: str
    reason: str = ""
    seconds_in: float = 0.0
    seconds_out: float = 0.0
    rate_in_hz: int = 0
    channels: int = 0
    clipped: int = 0
    audio_hash: str = ""
    source_bytes: int = 0
    source_mtime_ns: int = 0
    steps: int = 0
    bands: int = 0
    part: str = ""
    source_hash: str = ""
    clean_hash: str = ""
    clean_mtime_ns: int = 0

    @property
    def has_audio(self) -> bool:
        """Whether the clip is usable: its clean file has audio, or features."""
        return self.status in ("ok", "kept_whole")

    @property
    def suffix(self) -> str:
        """Of the clean file."""
        return FEATURE_SUFFIX if self.steps else AUDIO_SUFFIX

    @property
    def hash_kind(self) -> HashKind:
        """Of the hashes of a usable clip, which always has that of its audio."""
        return kind_of(self.audio_hash)


@dataclass(frozen=True)
class ClipTask:
    """A clip to clean: its name, the raw file, the clean file to write, and the kind of its hashes, that of the folder;
    see `read_stored` for row and key.
    """

    split: str
    fname: str
    source: Path
    target: Path
    row: int = -1
    key: str = ""
    hash_kind: HashKind = XXH3

    @property
    def part(self) -> str:
        return part_name(self.row, self.key)


def hash_kind_of(rows: Iterable[ClipRow]) -> HashKind:
    """Of further rows of a folder that has these: the same audio is to be found among all of them."""
    return kind_of_all(row.audio_hash or row.source_hash for row in rows)


def part_name(row: int, key: str) -> str:
    """What of a file is a clip: `KEY[ROW]`, or "" for all of it."""
    return f"{key}[{row}]" if row >= 0 else key


def refused(task: ClipTask, reason: str, source: Mapping[str, Any] = MappingProxyType({})) -> ClipRow:
    """The row of a clip that cannot be used; `source`: columns on the raw file."""
    return ClipRow(task.split, task.fname, "refused", reason, **source, part=task.part)


def without_audio(task: ClipTask, row: ClipRow) -> ClipRow:
    """The row, once the clip's clean file is gone: that of an earlier, better source would be mistaken for its own.

    Without a raw file an altered clean file may be all that there is of the clip: it stays, unused.
    """
    if row.status != "missing":
        task.target.unlink(missing_ok=True)
    elif task.target.is_file():
        return replace(row, reason=f"{row.reason}; its clean file was altered, and stays as it is, unused")
    return row
