"""Sound in blocks: hours of it in the memory of seconds. The one decoder of all commands."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import BinaryIO

import numpy as np

from preprocessing.decode import Heard, check_not_text, check_waveform, checked_stat, open_audio, peak
from preprocessing.errors import DecodeError
from preprocessing.ffmpeg import ffmpeg_blocks, has_ffmpeg
from preprocessing.libsndfile import find_streams, full_mpeg_s, read_streams
from preprocessing.mono import Levels, to_mono
from preprocessing.resample import BlockResampler, to_pcm16

BLOCK_FRAMES = 2**16
INTEGER_PEAK = (
    100.0  # no float samples of full scale 1.0 reach it, and integers do unless they are next to silent
)


class Sound(ABC):
    """Audio that can be gone through more than once.

    Attributes:
        channel: the one that is heard in place of the mean of all, where that would be next to nothing; None: the mean.
    """

    channel: int | None = None
    is_decided = False  # whether `channel` is known

    @abstractmethod
    def blocks(self) -> Iterator[tuple[np.ndarray, int]]:
        """(block (frames, channels) float32, rate in Hz), at least one; the rate and the channels stay.

        Raises:
            DecodeError: not usable sound; it may come after some blocks.
        """

    def decide(self, levels: Levels) -> None:
        """Set `channel` by the levels of all blocks."""
        self.channel, self.is_decided = levels.channel, True

    def look_ahead(self) -> None:
        """Go through the sound, if nobody has, to set `channel`; errors are those of `blocks`."""
        if not self.is_decided:
            levels = Levels()
            for block, _ in self.blocks():
                levels.add(block, to_mono(block))
            self.decide(levels)


class FileSound(Sound):
    """An audio file of any format that soundfile or ffmpeg reads; the ending of its name does not matter.

    Streams that were put together into one file are heard one after the other, and a file cut short is heard as far as
    it goes. Of tracks side by side (.mkv, .mp4), the first is heard.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._heard, self._version = Heard(), (0, 0)

    def blocks(self) -> Iterator[tuple[np.ndarray, int]]:
        self._check_version()
        heard = Heard()
        file, head = open_audio(self.path)
        with file:
            yield from _checked(self._decoded(file, head, heard))
        self._check_version()
        self._heard = heard

    @property
    def warning(self) -> str:
        """What of it was not heard, in one line; "" if all was, and before the first pass."""
        chosen = "" if self.channel is None else f"opposite channels: heard channel {self.channel + 1} alone"
        return "; ".join(text for text in (self._heard.warning, chosen) if text)

    def declared_s(self) -> float:
        """Length by the header, in seconds; 0 where it does not tell, or ffmpeg must read it."""
        file, head = open_audio(self.path)
        with file:
            first, _ = find_streams(file, head)
            if first is None:
                return 0.0
            with first:
                return first.declared_s

    def _decoded(self, file: BinaryIO, head: bytes, heard: Heard) -> Iterator[tuple[np.ndarray, int]]:
        first, parts = find_streams(file, head)
        if first is None:
            check_not_text(head)
            heard.full_s = 0.0 if parts[0].has_end else inf
            return ffmpeg_blocks(self.path, BLOCK_FRAMES, heard)
        if full_s := full_mpeg_s(file, first):
            if has_ffmpeg():
                first.close()
                return ffmpeg_blocks(self.path, BLOCK_FRAMES, heard)
            heard.full_s = full_s - first.readable_s
            heard.reasons.append("install ffmpeg to hear the rest")
        return read_streams(file, first, parts, BLOCK_FRAMES, heard)

    def _check_version(self) -> None:
        """A file that is still being written sounds different each time."""
        found = checked_stat(self.path)
        version = (found.st_size, found.st_mtime_ns)
        if self._version not in ((0, 0), version):
            raise DecodeError(
                "expected a finished file, received one that changed while it was read: try again"
            )
        self._version = version


def decode(path: Path | str) -> tuple[np.ndarray, int]:
    """Reads a whole audio file.

    Returns:
        Samples, shape (frames, channels), float32, full scale = 1.0; and the sample rate in Hz.

    Raises:
        DecodeError: missing, not a regular file, empty, text, an array, unreadable, without samples, NaN or infinite
            samples, samples of the scale of integers, an absurd rate; or it changes while it is read.
    """
    blocks, rates = zip(*FileSound(Path(path)).blocks(), strict=True)
    return np.concatenate(blocks), rates[0]


class ArraySound(Sound):
    """Samples in memory.

    Args:
        samples: (frames,) or (frames, channels), float of full scale 1.0, or int16.
        rate_hz: their rate.

    Raises:
        DecodeError: another type or shape; when it is gone through, floats of the scale of integers.
    """

    def __init__(self, samples: np.ndarray, rate_hz: int) -> None:
        samples = _in_channels(samples)
        if len(samples) < samples.shape[1] > 1:
            raise DecodeError(
                f"expected samples (frames, channels), received shape {samples.shape}: transpose them"
            )
        self.samples, self.rate_hz = samples, rate_hz

    def blocks(self) -> Iterator[tuple[np.ndarray, int]]:
        return _checked(self._blocks())

    def _blocks(self) -> Iterator[tuple[np.ndarray, int]]:
        for start in range(0, max(len(self.samples), 1), BLOCK_FRAMES):
            yield _as_floats(self.samples[start : start + BLOCK_FRAMES]), self.rate_hz


def chunk_blocks(samples: np.ndarray, rate_hz: int) -> Iterator[np.ndarray]:
    """A part of a sound, of any length, as blocks (frames,) float32: the mean of its channels.

    Args:
        samples, rate_hz: as in `ArraySound`.

    Raises:
        DecodeError: as in `ArraySound`, before the first block.
    """
    samples = _in_channels(samples)
    blocks = np.split(samples, range(BLOCK_FRAMES, len(samples), BLOCK_FRAMES)) if len(samples) else []
    for block in blocks:
        _check_block(_as_floats(block), rate_hz)
    return (to_mono(_as_floats(block)) for block in blocks)


def _in_channels(samples: np.ndarray) -> np.ndarray:
    """(frames, channels), of the type that they have."""
    samples = np.asarray(samples)
    if samples.ndim not in (1, 2) or (samples.dtype != np.int16 and samples.dtype.kind != "f"):
        raise DecodeError(
            "expected samples (frames,) or (frames, channels), float of full scale 1.0 or int16, received "
            f"{samples.dtype} of shape {samples.shape}"
        )
    return samples if samples.ndim == 2 else samples[:, None]


def _as_floats(samples: np.ndarray) -> np.ndarray:
    """float32 of full scale 1.0."""
    return samples.astype(np.float32) * np.float32(1 / 32768 if samples.dtype == np.int16 else 1)


def _check_block(block: np.ndarray, rate_hz: int) -> None:
    _check_scale(block)
    check_waveform(block, rate_hz)


def _check_scale(block: np.ndarray) -> None:
    found = peak(block)
    if INTEGER_PEAK < found <= 2**32:  # beyond, it is not sound
        raise DecodeError(
            f"expected float samples of full scale 1.0, received a peak of {found:g}: divide integers by their full "
            "scale (16 bits: 32768), or give int16"
        )


class PcmStream:
    """One pass over a sound: blocks (frames,) int16, mono at `rate_hz`, as if the whole sound were resampled at once.

    Args:
        sound: what is read. One of several channels is gone through before, once, as they may cancel each other out.
        rate_hz: of the result.
        levels: the channels are measured here in place of that, and their mean is taken.

    Attributes:
        seconds: how much of the sound has been read, on its own clock; all of it after the last block.
        clipped: samples so far that were beyond full scale after resampling.
    """

    def __init__(self, sound: Sound, rate_hz: int, levels: Levels | None = None) -> None:
        self.sound, self.rate_hz, self.seconds, self.clipped = sound, rate_hz, 0.0, 0
        self._levels = levels

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
            resampler = resampler or BlockResampler(rate_in_hz, self.rate_hz)
            yield resampler.push(self._mono(block)), len(block), rate_in_hz
        if resampler:
            yield resampler.close(), 0, rate_in_hz

    def _mono(self, block: np.ndarray) -> np.ndarray:
        if self._levels is None and block.shape[1] > 1:
            self.sound.look_ahead()
        waveform = to_mono(block, self.sound.channel)
        if self._levels and block.shape[1] > 1:
            self._levels.add(block, waveform)
        return waveform


def _checked(blocks: Iterator[tuple[np.ndarray, int]]) -> Iterator[tuple[np.ndarray, int]]:
    is_empty = True
    for block, rate_hz in blocks:
        _check_block(block, rate_hz)
        yield block, rate_hz
        is_empty = False
    if is_empty:
        raise DecodeError("expected sound, received a file with zero samples")
