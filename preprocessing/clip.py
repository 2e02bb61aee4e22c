"""One clip from raw file to clean file and manifest row: what a worker process does."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from foundation.files import content_hash, write_atomic
from preprocessing.chain import CleanStream
from preprocessing.contents import source_hash
from preprocessing.errors import DecodeError, strange
from preprocessing.feature_settings import STORED
from preprocessing.features import compute_features
from preprocessing.folder import AUDIO_SUFFIX, FEATURE_SUFFIX
from preprocessing.npy import npy_bytes
from preprocessing.settings import CleaningSettings
from preprocessing.sound_files import FileSound
from preprocessing.stored import as_steps, read_stored
from preprocessing.wav import write_wav


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
        source_hash, clean_hash: `content_hash` of the raw file, as it was read, and of the clean file; "" in folders
            of older versions.
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


@dataclass(frozen=True)
class ClipTask:
    """A clip to clean: its name, the raw file, the clean file to write; see `read_stored` for row and key."""

    split: str
    fname: str
    source: Path
    target: Path
    row: int = -1
    key: str = ""

    @property
    def part(self) -> str:
        return part_name(self.row, self.key)


def part_name(row: int, key: str) -> str:
    """What of a file is a clip: `KEY[ROW]`, or "" for all of it."""
    return f"{key}[{row}]" if row >= 0 else key


def clean_clips(tasks: list[ClipTask], settings: CleaningSettings) -> list[ClipRow]:
    """Cleans some clips one after the other."""
    return [clean_clip(task, settings) for task in tasks]


def clean_clip(task: ClipTask, settings: CleaningSettings) -> ClipRow:
    """Cleans one clip; unusable audio becomes a row that says why, and leaves no clean file.

    Raises:
        OSError: the clean folder cannot be written (which is not the clip's fault).
    """
    content, row = examine_clip(task, settings)
    if content is None:
        return without_audio(task, row)
    try:
        _write(task.target, content, settings.rate_hz)
    except DecodeError as error:  # a long clip is decoded again
        read = {key: getattr(row, key) for key in ("source_bytes", "source_mtime_ns", "source_hash")}
        return without_audio(task, refused(task, str(error), read))
    made_ns = task.target.stat().st_mtime_ns
    return replace(row, clean_hash=content_hash(task.target), clean_mtime_ns=made_ns)


def examine_clip(
    task: ClipTask, settings: CleaningSettings
) -> tuple[CleanStream | np.ndarray | None, ClipRow]:
    """What cleaning a clip would come to: the content of its clean file (None: unusable), and its row."""
    try:
        stat = task.source.stat()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = f"{getattr(error, 'strerror', error)}: {task.source.name!r}"
        return None, ClipRow(task.split, task.fname, "missing", reason, part=task.part)
    source: dict[str, Any] = {
        "source_bytes": stat.st_size,
        "source_mtime_ns": stat.st_mtime_ns,
        "source_hash": source_hash(task.source, task.part, stat),  # of the bytes that are read next
    }
    try:
        content, facts = _make(task, settings)
    except DecodeError as error:
        return None, refused(task, str(error), source)
    except Exception as error:  # noqa: BLE001 (one strange file must not stop the others; the row tells)
        return None, refused(task, strange(error), source)
    return content, ClipRow(task.split, task.fname, **facts, **source, part=task.part)


class _Measured(FileSound):
    """A file that knows what was in it once it has been read to its end."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.frames, self.rate_hz, self.channels, self.audio_hash = 0, 0, 0, ""

    def blocks(self) -> Iterator[tuple[np.ndarray, int]]:
        frames, digest = 0, hashlib.blake2b(digest_size=16)
        for block, rate_hz in super().blocks():
            if not frames:
                self.rate_hz, self.channels = rate_hz, block.shape[1]
                digest.update(f"{rate_hz} {self.channels}".encode())
            digest.update(np.ascontiguousarray(block).data)
            frames += len(block)
            yield block, rate_hz
        self.frames, self.audio_hash = frames, digest.hexdigest()


def _make(task: ClipTask, settings: CleaningSettings) -> tuple[CleanStream | np.ndarray, dict[str, Any]]:
    """Clean audio or features (steps, bands), and the facts of its row."""
    if settings.features.name == STORED:
        values = read_stored(task.source, task.row, task.key)
        features = as_steps(values, settings.features)
        facts = {"status": "ok", "audio_hash": _hash(str(values.shape), values)}
        return features, {**facts, **_shape(features)}
    clean, facts = _decode_and_clean(task, settings)
    if settings.features.name is None:
        return clean, facts
    features, note = compute_features(clean.pcm(), settings.rate_hz, settings.features)
    facts["reason"] = _joined(facts["reason"], note)
    return features, {**facts, **_shape(features)}


def _decode_and_clean(task: ClipTask, settings: CleaningSettings) -> tuple[CleanStream, dict[str, Any]]:
    raw = _Measured(task.source)
    clean = CleanStream(raw, settings, task.split)
    facts: dict[str, Any] = {
        "status": clean.status,
        "reason": _joined(raw.warning, clean.reason),
        "seconds_in": round(raw.frames / raw.rate_hz, 6),
        "seconds_out": round(len(clean) / settings.rate_hz, 6),
        "rate_in_hz": raw.rate_hz,
        "channels": raw.channels,
        "clipped": clean.clipped,
        "audio_hash": raw.audio_hash,
    }
    return clean, facts


def _write(target: Path, content: CleanStream | np.ndarray, rate_hz: int) -> None:
    if isinstance(content, CleanStream):
        write_wav(target, content, len(content), rate_hz)
    else:
        write_atomic(target, npy_bytes(content))


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _shape(features: np.ndarray) -> dict[str, int]:
    return {"steps": features.shape[0], "bands": features.shape[1]}


def _hash(header: str, values: np.ndarray) -> str:
    return hashlib.blake2b(
        header.encode() + np.ascontiguousarray(values).tobytes(), digest_size=16
    ).hexdigest()


def refused(task: ClipTask, reason: str, source: Mapping[str, Any] = MappingProxyType({})) -> ClipRow:
    """The row of a clip that cannot be used; `source`: columns on the raw file."""
    return ClipRow(task.split, task.fname, "refused", reason, **source, part=task.part)


def without_audio(task: ClipTask, row: ClipRow) -> ClipRow:
    """The row, once the clip's clean file is gone: that of an earlier, better source would be taken for its own.

    Without a raw file an altered clean file may be all that there is of the clip: it stays, unused.
    """
    if row.status != "missing":
        task.target.unlink(missing_ok=True)
    elif task.target.is_file():
        return replace(row, reason=f"{row.reason}; its clean file was altered, and stays as it is, unused")
    return row
