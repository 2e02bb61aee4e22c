"""A sound as clean files have it: mono at one rate, 16 bits, in blocks."""

from collections.abc import Iterator

import numpy as np

from preprocessing.errors import NoSoundError
from preprocessing.mono import Levels, to_mono
from preprocessing.resample import BlockResampler, to_pcm16
from preprocessing.sound import Sound


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
            raise NoSoundError(f"expected sound, received {frames} frames: too few at {self.rate_hz} Hz")

    def _resampled(self) -> Iterator[tuple[np.ndarray, int, int]]:
        """(waveform at the new rate, frames that were read for it, their rate)."""
        resampler = None
        for block, rate_in_hz in self.sound.blocks():
            resampler = resampler or BlockResampler(rate_in_hz, self.rate_hz)
            yield resampler.push(self._mono(block)), len(block), rate_in_hz
        if resampler:
            yield resampler.close(), 0, rate_in_hz

    def _mono(self, block: np.ndarray) -> np.ndarray:
        if block.shape[1] > 1 and self._levels is None:
            self.sound.look_ahead()
        waveform = to_mono(block, self.sound.channel)
        if block.shape[1] > 1 and self._levels is not None:
            self._levels.add(block, waveform)
        return waveform
