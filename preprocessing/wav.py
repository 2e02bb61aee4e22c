"""WAV files of clean audio: mono, PCM16, whose samples start at byte 44, where training reads them."""

import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from foundation.files import atomic_file


def wav_header(frames: int, rate_hz: int) -> bytes:
    """The 44 bytes before `frames` samples."""
    size = 2 * frames
    chunks = (b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, rate_hz, 2 * rate_hz, 2, 16, b"data", size)
    return struct.pack("<4sI4s4sIHHIIHH4sI", *chunks)


def wav_bytes(pcm: np.ndarray, rate_hz: int) -> bytes:
    """A file of (frames,) int16."""
    return wav_header(len(pcm), rate_hz) + pcm.astype("<i2", copy=False).tobytes()


def write_wav(
    path: Path, blocks: Iterable[np.ndarray], frames: int, rate_hz: int, *, swept: bool = False
) -> None:
    """Write a file, whole or not at all.

    Args:
        path: the file.
        blocks: (n,) int16 each; together `frames` samples.
        frames, rate_hz: as the header tells them.
        swept: see `foundation.parts.part_of`.

    Raises:
        RuntimeError: another number of samples.
    """
    written = 0
    with atomic_file(path, "wb", swept=swept) as file:
        file.write(wav_header(frames, rate_hz))
        for block in blocks:
            file.write(block.astype("<i2", copy=False).tobytes())
            written += len(block)
        if written != frames:
            raise RuntimeError(f"expected {frames} samples, received {written}")


def is_clean_wav(path: Path, rate_hz: int) -> bool:
    """Whether a file is one of these, whole, and at this rate."""
    size = path.stat().st_size
    with path.open("rb") as file:
        return size % 2 == 0 and file.read(44) == wav_header(max(size - 44, 0) // 2, rate_hz)
