"""Clean folders as versions wrote them whose manifests have BLAKE2b hashes, computed by the standard library alone."""

import hashlib
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from preprocessing.manifest import clean_file, read_rows, write_rows
from preprocessing.stored import read_stored


def with_older_hashes(clean_dir: Path, clips: pd.DataFrame, only: Collection[str] | None = None) -> None:
    """Rewrite the manifest; `only`: the names of the clips whose rows get older hashes, else all of them."""
    known = {(clip.split, clip.fname): clip for clip in clips.itertuples()}
    rows = read_rows(clean_dir)
    write_rows(
        clean_dir,
        [
            _older(row, known[row.split, row.fname], clean_dir) if only is None or row.fname in only else row
            for row in rows
        ],
    )


def blake2b(data: bytes) -> str:
    """16 bytes, as hexadecimal digits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def sound_bytes(path: Path) -> bytes:
    """What the hash of a sound is computed of."""
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    return f"{rate_hz} {samples.shape[1]}".encode() + samples.tobytes()


def feature_bytes(values: np.ndarray) -> bytes:
    """What the hash of stored features is computed of."""
    return str(values.shape).encode() + values.astype(np.float32).tobytes()


def _older(row, clip, clean_dir: Path):
    source = blake2b(Path(clip.path).read_bytes())
    if not row.has_audio:
        return replace(row, source_hash=source)
    is_stored = not row.rate_in_hz
    content = feature_bytes(_values(clip)) if is_stored else sound_bytes(Path(clip.path))
    return replace(
        row,
        audio_hash=blake2b(content),
        source_hash=source,
        clean_hash=blake2b(clean_file(clean_dir, row).read_bytes()),
    )


def _values(clip) -> np.ndarray:
    return read_stored(Path(clip.path), getattr(clip, "row", -1), getattr(clip, "key", ""))
