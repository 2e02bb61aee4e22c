"""One clip from raw file to clean file and manifest row: what a worker process does."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from foundation.files import write_atomic
from preprocessing.chain import CleanStream
from preprocessing.contents import source_hash
from preprocessing.errors import DecodeError, strange
from preprocessing.feature_settings import STORED
from preprocessing.features import compute_features
from preprocessing.hashes import HashKind
from preprocessing.npy import npy_bytes
from preprocessing.rows import ClipRow, ClipTask, refused, without_audio
from preprocessing.settings import CleaningSettings
from preprocessing.sound_files import FileSound
from preprocessing.stored import as_steps, read_stored
from preprocessing.wav import write_wav


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
    return replace(row, clean_hash=task.hash_kind.of_file(task.target), clean_mtime_ns=made_ns)


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
        # of the bytes that are read next
        "source_hash": source_hash(task.source, task.part, stat, task.hash_kind),
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

    def __init__(self, path: Path, hash_kind: HashKind) -> None:
        super().__init__(path)
        self._hash_kind = hash_kind
        self.frames, self.rate_hz, self.channels, self.audio_hash = 0, 0, 0, ""

    def blocks(self) -> Iterator[tuple[np.ndarray, int]]:
        frames, digest = 0, self._hash_kind.new()
        for block, rate_hz in super().blocks():
            if not frames:
                self.rate_hz, self.channels = rate_hz, block.shape[1]
                digest.update(f"{rate_hz} {self.channels}".encode())
            digest.update(np.ascontiguousarray(block).data)
            frames += len(block)
            yield block, rate_hz
        self.frames, self.audio_hash = frames, self._hash_kind.text(digest)


def _make(task: ClipTask, settings: CleaningSettings) -> tuple[CleanStream | np.ndarray, dict[str, Any]]:
    """Clean audio or features (steps, bands), and the facts of its row."""
    if settings.features.name == STORED:
        values = read_stored(task.source, task.row, task.key)
        features = as_steps(values, settings.features)
        facts = {"status": "ok", "audio_hash": _values_hash(values, task.hash_kind)}
        return features, {**facts, **_shape(features)}
    clean, facts = _decode_and_clean(task, settings)
    if settings.features.name is None:
        return clean, facts
    features, note = compute_features(clean.pcm(), settings.rate_hz, settings.features)
    facts["reason"] = _joined(facts["reason"], note)
    return features, {**facts, **_shape(features)}


def _decode_and_clean(task: ClipTask, settings: CleaningSettings) -> tuple[CleanStream, dict[str, Any]]:
    raw = _Measured(task.source, task.hash_kind)
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
        write_wav(target, content, len(content), rate_hz, swept=True)
    else:
        write_atomic(target, npy_bytes(content), swept=True)


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _shape(features: np.ndarray) -> dict[str, int]:
    return {"steps": features.shape[0], "bands": features.shape[1]}


def _values_hash(values: np.ndarray, kind: HashKind) -> str:
    digest = kind.new()
    digest.update(str(values.shape).encode())
    digest.update(np.ascontiguousarray(values).data)
    return kind.text(digest)
