"""Sound in blocks: hours of it in the memory of seconds. The one decoder of all commands."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import soxr

from preprocessing.decode import ForwardFile, check_waveform, open_soundfile, read_frames
from preprocessing.errors import DecodeError
from preprocessing.ffmpeg import ffmpeg_blocks
from preprocessing.resample import QUALITY, to_mono, to_pcm16

BLOCK_FRAMES = 2**16
INTEGER_PEAK = (
    100.0  # no float samples of full scale 1.0 reach it, and integers do unless they are next to silent
)


class Sound(Protocol):
    """Audio that can be gone through more than once."""

    def blocks(self) -> Iterator[tuple[np.ndarray, int]]:
        """(block (frames, channels) float32, rate in Hz), at least one; the rate and the channels stay.

        Raises:
            DecodeError: not usable sound; it may come after some blocks.
        """


@dataclass(frozen=True)
class FileSound:
    """An audio file of any format that soundfile or ffmpeg reads; the ending of its name does not matter.

    A WAV cut short (its header promises more than the file holds) is decoded as far as it goes, because what is there
    is sound; `decode.truncation` tells how much is missing.
    """

    path: Path

    def blocks(self) -> Iterator[tuple[np.ndarray, int]]:
        file = open_soundfile(self.path)
        if file is None:
            yield from _checked(ffmpeg_blocks(self.path, BLOCK_FRAMES))
            return
        with file:
            yield from _checked(_of_soundfile(file))


def decode(path: Path | str) -> tuple[np.ndarray, int]:
    """Reads a whole audio file.

    Returns:
        Samples, shape (frames, channels), float32, full scale = 1.0; and the sample rate in Hz.

    Raises:
        DecodeError: missing, empty, text, an array, unreadable, without samples, NaN or infinite samples, samples of
            the scale of integers, an absurd rate.
    """
    blocks, rates = zip(*FileSound(Path(path)).blocks(), strict=True)
    return np.concatenate(blocks), rates[0]


class ArraySound:
    """Samples in memory.

    Args:
        samples: (frames,) or (frames, channels), float of full scale 1.0, or int16.
        rate_hz: their rate.

    Raises:
        DecodeError: another type or shape; when it is gone through, floats of the scale of integers.
    """

    def __init__(self, samples: np.ndarray, rate_hz: int) -> None:
        samples = np.asarray(samples)
        if samples.ndim not in (1, 2) or (samples.dtype != np.int16 and samples.dtype.kind != "f"):
            raise DecodeError(
                "expected samples (frames,) or (frames, channels), float of full scale 1.0 or int16, received "
                f"{samples.dtype} of shape {samples.shape}"
            )
        if samples.ndim == 2 and len(samples) < samples.shape[1]:
            raise DecodeError(
                f"expected samples (frames, channels), received shape {samples.shape}: transpose them"
            )
        self.samples, self.rate_hz = samples if samples.ndim == 2 else samples[:, None], rate_hz

    def blocks(self) -> Iterator[tuple[np.ndarray, int]]:
        return _checked(self._blocks())

    def _blocks(self) -> Iterator[tuple[np.ndarray, int]]:
        scale = np.float32(1 / 32768 if self.samples.dtype == np.int16 else 1)
        for start in range(0, max(len(self.samples), 1), BLOCK_FRAMES):
            yield self.samples[start : start + BLOCK_FRAMES].astype(np.float32) * scale, self.rate_hz


def _check_scale(block: np.ndarray) -> None:
    peak = np.abs(block).max(initial=0.0)
    if INTEGER_PEAK < peak <= 2**32:  # beyond, it is not sound
        raise DecodeError(
            f"expected float samples of full scale 1.0, received a peak of {peak:g}: divide integers by their full "
            "scale (16 bits: 32768), or give int16"
        )


class PcmStream:
    """One pass over a sound: blocks (frames,) int16, mono at `rate_hz`, as if the whole sound were resampled at once.

    Attributes:
        seconds: how much of the sound has been read, on its own clock; all of it after the last block.
        clipped: samples so far that were beyond full scale after resampling.
    """

    def __init__(self, sound: Sound, rate_hz: int) -> None:
        self.sound, self.rate_hz, self.seconds, self.clipped = sound, rate_hz, 0.0, 0

    def __iter__(self) -> Iterator[np.ndarray]:
        frames = samples = 0
        for waveform, frames_in, rate_in_hz in self._resampled():
            frames += frames_in
            self.seconds = frames / rate_in_hz
            pcm, clipped = to_pcm16(waveform)
            self.clipped += clipped
            samples += len(pcm)
            if len(pcm):
                yield pcm
        if not samples:
            raise DecodeError(f"expected sound, received {frames} frames: too few at {self.rate_hz} Hz")

    def _resampled(self) -> Iterator[tuple[np.ndarray, int, int]]:
        """(waveform at the new rate, frames that were read for it, their rate)."""
        resampler = None
        for block, rate_in_hz in self.sound.blocks():
            waveform = to_mono(block)
            if rate_in_hz != self.rate_hz:
                resampler = resampler or soxr.ResampleStream(
                    rate_in_hz, self.rate_hz, 1, dtype="float32", quality=QUALITY
                )
                waveform = resampler.resample_chunk(waveform)
            yield waveform, len(block), rate_in_hz
        if resampler:
            yield resampler.resample_chunk(np.empty(0, np.float32), last=True), 0, rate_in_hz


def _of_soundfile(file: ForwardFile) -> Iterator[tuple[np.ndarray, int]]:
    is_first = True
    while len(block := read_frames(file, BLOCK_FRAMES)) or is_first:
        is_first = False
        yield block, file.samplerate


def _checked(blocks: Iterator[tuple[np.ndarray, int]]) -> Iterator[tuple[np.ndarray, int]]:
    for block, rate_hz in blocks:
        _check_scale(block)
        check_waveform(block, rate_hz)
        yield block, rate_hz
