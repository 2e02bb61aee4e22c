"""Samples in memory in blocks."""

from collections.abc import Iterator

import numpy as np

from preprocessing.decode import check_waveform
from preprocessing.errors import DecodeError
from preprocessing.mono import to_mono
from preprocessing.sound import BLOCK_FRAMES, Sound, checked_blocks

CHUNK_CHANNELS = 8
"""A chunk with fewer frames than channels may have at most this many channels."""


class ArraySound(Sound):
    """Samples in memory.

    Args:
        samples: (frames,) or (frames, channels), float of full scale 1.0, or int16.
        rate_hz: their rate.

    Raises:
        DecodeError: another type or shape; when it is gone through, floats of the scale of integers.
    """

    def __init__(self, samples: np.ndarray, rate_hz: int) -> None:
        samples = _in_channels(samples, most=1)
        self.samples, self.rate_hz = samples, rate_hz

    def blocks(self) -> Iterator[tuple[np.ndarray, int]]:
        return checked_blocks(self._blocks())

    def _blocks(self) -> Iterator[tuple[np.ndarray, int]]:
        for start in range(0, max(len(self.samples), 1), BLOCK_FRAMES):
            yield _as_floats(self.samples[start : start + BLOCK_FRAMES]), self.rate_hz


def chunk_blocks(samples: np.ndarray, rate_hz: int) -> Iterator[np.ndarray]:
    """A part of a sound, of any length, as blocks (frames,) float32: the mean of its channels.

    Args:
        samples, rate_hz: as in `ArraySound`. A chunk may have no frames; one with fewer frames than channels, at most
            eight channels.

    Raises:
        DecodeError: as in `ArraySound`, before the first block.
    """
    samples = _in_channels(samples, most=CHUNK_CHANNELS)
    blocks = np.split(samples, range(BLOCK_FRAMES, len(samples), BLOCK_FRAMES)) if len(samples) else []
    for block in blocks:
        check_waveform(_as_floats(block), rate_hz)
    return (to_mono(_as_floats(block)) for block in blocks)


def _in_channels(samples: np.ndarray, most: int) -> np.ndarray:
    """(frames, channels), of the type that they have; fewer frames than channels only if `most` channels or fewer."""
    samples = np.asarray(samples)
    if samples.ndim not in (1, 2) or (samples.dtype != np.int16 and samples.dtype.kind != "f"):
        raise DecodeError(
            "expected samples (frames,) or (frames, channels), float of full scale 1.0 or int16, received "
            f"{samples.dtype} of shape {samples.shape}"
        )
    samples = samples if samples.ndim == 2 else samples[:, None]
    frames, channels = samples.shape
    if channels > most and 0 < frames < channels:
        raise DecodeError(
            f"expected samples (frames, channels), received shape {samples.shape}: transpose them"
        )
    return samples


def _as_floats(samples: np.ndarray) -> np.ndarray:
    """float32 of full scale 1.0."""
    return samples.astype(np.float32) * np.float32(1 / 32768 if samples.dtype == np.int16 else 1)
