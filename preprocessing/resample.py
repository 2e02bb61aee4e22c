"""Mono samples -> PCM16 at the clean rate."""

import numpy as np
import soxr

from preprocessing.decode import peak

_LARGEST = 32767 / 32768
QUALITY = "HQ"  # soxr's filter of 20 bits, more than PCM16 holds


def resample(waveform: np.ndarray, rate_in_hz: int, rate_out_hz: int) -> np.ndarray:
    """Band-limited resampling of (frames,) float32 with soxr."""
    if rate_in_hz == rate_out_hz:
        return waveform
    return soxr.resample(waveform, rate_in_hz, rate_out_hz, quality=QUALITY)


class BlockResampler:
    """Resampling of a sound that comes in blocks, as if all of it were resampled at once."""

    def __init__(self, rate_in_hz: int, rate_out_hz: int) -> None:
        self._stream = None
        if rate_in_hz != rate_out_hz:
            self._stream = soxr.ResampleStream(rate_in_hz, rate_out_hz, 1, dtype="float32", quality=QUALITY)

    def push(self, waveform: np.ndarray) -> np.ndarray:
        """A block (frames,) float32 -> what is certain by now, (frames,) float32."""
        return self._stream.resample_chunk(waveform) if self._stream else waveform

    def close(self) -> np.ndarray:
        """The rest, (frames,) float32."""
        nothing = np.empty(0, np.float32)
        return self._stream.resample_chunk(nothing, last=True) if self._stream else nothing


def to_pcm16(waveform: np.ndarray) -> tuple[np.ndarray, int]:
    """Rounds (frames,) float32, full scale 1.0, to int16.

    Returns:
        The PCM, and how many samples lay beyond full scale and were clipped (1.0 itself, which becomes
        32767, is a rounding and not counted). int16 / 32768 and back is exact.
    """
    scaled, clipped = waveform * np.float32(32768.0), 0
    np.rint(scaled, out=scaled)
    if (loudest := peak(waveform)) > _LARGEST:
        clipped = int(np.count_nonzero(np.abs(waveform) > 1.0)) if loudest > 1.0 else 0
        np.clip(scaled, -32768, 32767, out=scaled)
    return scaled.astype(np.int16), clipped
