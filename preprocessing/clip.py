"""One clip from raw file to clean file and manifest row: what a worker process does."""

import hashlib
import io
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from foundation.files import write_atomic
from preprocessing.chain import Cleaned, clean_waveform
from preprocessing.decode import DecodeError, decode, truncation
from preprocessing.feature_settings import STORED
from preprocessing.features import compute_features
from preprocessing.folder import AUDIO_SUFFIX, FEATURE_SUFFIX, HEADER_BYTES
from preprocessing.npy import npy_bytes
from preprocessing.settings import CleaningSettings
from preprocessing.stored import as_steps, read_stored


@dataclass(frozen=True)
class ClipRow:
    """A row of the manifest; the fields are its columns.

    Attributes:
        status: `ok`, `kept_whole` (too little would remain), `refused` (unusable) or `missing` (no file).
        reason: why, or what is to be known about an `ok` clip (truncated source).
        seconds_in, seconds_out: of the raw and of the clean audio, also where features are kept in its place;
            0 for stored features.
        clipped: samples beyond full scale after resampling.
        audio_hash: of the decoded samples, whatever the file format; the same for the same audio. Of stored
            features: of their values.
        source_bytes, source_mtime_ns: of the raw file when it was read, to see changes.
        steps, bands: shape of the features; 0 for audio.
        part: what of the raw file is the clip, `KEY[ROW]`; "" for the whole file.
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
    try:
        stat = task.source.stat()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        return _without_audio(task, "missing", f"{getattr(error, 'strerror', error)}: {task.source.name!r}")
    source: dict[str, Any] = {"source_bytes": stat.st_size, "source_mtime_ns": stat.st_mtime_ns}
    try:
        data, facts = _make(task, settings)
    except DecodeError as error:
        return _without_audio(task, "refused", str(error), **source)
    except Exception as error:  # noqa: BLE001 (one strange file must not stop the others; the row tells)
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        return _without_audio(task, "refused", reason, **source)
    task.target.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(task.target, data)
    return ClipRow(task.split, task.fname, **facts, **source, part=task.part)


def wav_bytes(pcm: np.ndarray, rate_hz: int) -> bytes:
    """A mono PCM16 WAV file of (frames,) int16 whose samples start at byte 44, where training reads them."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, rate_hz, len(pcm), "NONE", ""))
        file.writeframes(pcm.astype("<i2", copy=False).tobytes())
    data = buffer.getvalue()
    if data[36:40] != b"data" or len(data) != HEADER_BYTES + 2 * len(pcm):
        raise RuntimeError(f"expected a WAV header of {HEADER_BYTES} bytes, received {data[:HEADER_BYTES]!r}")
    return data


def _make(task: ClipTask, settings: CleaningSettings) -> tuple[bytes, dict[str, Any]]:
    """The content of the clean file, and the facts of its row."""
    if settings.features.name == STORED:
        values = read_stored(task.source, task.row, task.key)
        features = as_steps(values, settings.features)
        facts = {"status": "ok", "audio_hash": _hash(str(values.shape), values)}
        return npy_bytes(features), {**facts, **_shape(features)}
    cleaned, facts = _decode_and_clean(task, settings)
    if settings.features.name is None:
        return wav_bytes(cleaned.pcm, settings.rate_hz), facts
    features, note = compute_features(cleaned.pcm, settings.rate_hz, settings.features)
    facts["reason"] = _joined(facts["reason"], note)
    return npy_bytes(features), {**facts, **_shape(features)}


def _decode_and_clean(task: ClipTask, settings: CleaningSettings) -> tuple[Cleaned, dict[str, Any]]:
    samples, rate_hz = decode(task.source)
    cleaned = clean_waveform(samples, rate_hz, settings.rules_for(task.split), settings)
    facts: dict[str, Any] = {
        "status": cleaned.status,
        "reason": _joined(truncation(task.source, len(samples), rate_hz), cleaned.reason),
        "seconds_in": round(len(samples) / rate_hz, 6),
        "seconds_out": round(len(cleaned.pcm) / settings.rate_hz, 6),
        "rate_in_hz": rate_hz,
        "channels": samples.shape[1],
        "clipped": cleaned.clipped,
        "audio_hash": _hash(f"{rate_hz} {samples.shape[1]}", samples),
    }
    return cleaned, facts


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _shape(features: np.ndarray) -> dict[str, int]:
    return {"steps": features.shape[0], "bands": features.shape[1]}


def _hash(header: str, values: np.ndarray) -> str:
    return hashlib.blake2b(
        header.encode() + np.ascontiguousarray(values).tobytes(), digest_size=16
    ).hexdigest()


def _without_audio(task: ClipTask, status: str, reason: str, **source: Any) -> ClipRow:
    task.target.unlink(missing_ok=True)  # clean audio of an earlier, better source would be taken for its own
    return ClipRow(task.split, task.fname, status, reason, **source, part=task.part)
