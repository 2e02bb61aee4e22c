"""The short-time Fourier transform of all front ends, with a second kernel for graphs that leave this program."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import isqrt
from typing import Any

import numpy as np
from keras import ops

_IS_WITHOUT_FFT = ContextVar("is_without_fft", default=False)


@contextmanager
def without_fft() -> Iterator[None]:
    """Front ends that are called in the block compute their spectra by products with small constant matrices.

    The runtimes that exports are made for have no FFT, or one that few of them run. The results differ by rounding.
    """
    token = _IS_WITHOUT_FFT.set(True)
    try:
        yield
    finally:
        _IS_WITHOUT_FFT.reset(token)


def is_without_fft() -> bool:
    """Whether `without_fft` is in force."""
    return _IS_WITHOUT_FFT.get()


def stft(
    waveform: Any,
    length: int,
    hop: int,
    fft_size: int,
    window: np.ndarray | None = None,
    center: bool = False,
) -> tuple[Any, Any]:
    """(batch, samples) -> real and imaginary parts, (batch, frames, fft_size // 2 + 1) float32 each.

    frames = 1 + (samples - fft_size) // hop, after reflections of half an FFT at both ends if frames are centred.

    Args:
        waveform: float32; without FFT, its length has to be known.
        length: of the window, which lies in the middle of the FFT's frame.
        hop: samples from frame to frame.
        fft_size: at least `length`.
        window: (length,); None: periodic Hann.
        center: whether frames are centred.
    """
    if not is_without_fft():
        chosen = "hann" if window is None else window
        return ops.stft(waveform, length, hop, fft_size, window=chosen, center=center)
    if center:
        waveform = ops.pad(waveform, ((0, 0), (fft_size // 2, fft_size // 2)), mode="reflect")
    first = (fft_size - length) // 2
    values = _hann(length) if window is None else window
    whole = np.pad(values, (first, fft_size - length - first)).astype(np.float32)
    return dft(frames(waveform, fft_size, hop) * whole)


def _hann(length: int) -> np.ndarray:
    """As `tf.signal.hann_window`: periodic, but for odd lengths."""
    return np.hanning(length + 1 - length % 2)[:length]


def frames(waveform: Any, length: int, hop: int) -> Any:
    """(batch, samples) -> (batch, frames, length), by slices of blocks of `hop` samples."""
    samples = waveform.shape[1]
    count, parts = 1 + (samples - length) // hop, -(-length // hop)
    lacking = (count + parts - 1) * hop - samples
    waveform = ops.pad(waveform, ((0, 0), (0, lacking))) if lacking > 0 else waveform
    blocks = ops.reshape(waveform[:, : samples + lacking], (-1, count + parts - 1, hop))
    joined = ops.concatenate([blocks[:, part : part + count] for part in range(parts)], axis=-1)
    return joined[..., :length]


def dft(values: Any) -> tuple[Any, Any]:
    """(batch, frames, n) -> real and imaginary parts of bins 0 to n // 2, (batch, frames, n // 2 + 1) each.

    Two steps of Cooley and Tukey 1965 (doi:10.2307/2003354): a DFT of `a` points in each of `b` interleaved sequences,
    factors, and a DFT of `b` points across them, with n = a b. Two matrices of about 2 n numbers each take the place
    of one of n^2, in a sixth of the time at n = 1024.
    """
    count, n = values.shape[1:]
    a = next(divisor for divisor in range(isqrt(n), 0, -1) if n % divisor == 0)
    b, kept = n // a, n // a // 2 + 1
    interleaved = ops.transpose(ops.reshape(values, (-1, count, a, b)), (0, 1, 3, 2))
    first, turn, second = (_roots(*each) for each in ((a, a, a), (b, a, n), (kept, b, b)))
    parts = ops.matmul(interleaved, np.concatenate([first.real, first.imag], axis=1).astype(np.float32))
    real, imaginary = parts[..., :a], parts[..., a:]
    cosine, sine = turn.real.astype(np.float32), turn.imag.astype(np.float32)
    turned = ops.concatenate([real * cosine - imaginary * sine, real * sine + imaginary * cosine], axis=2)
    across = np.block([[second.real, -second.imag], [second.imag, second.real]]).astype(np.float32)
    found = ops.matmul(across, turned)  # (batch, frames, 2 kept, a): bin k1 + a k2 in row k2, column k1
    halves = (found[:, :, :kept], found[:, :, kept:])
    real, imaginary = (ops.reshape(half, (-1, count, kept * a))[..., : n // 2 + 1] for half in halves)
    return real, imaginary


def _roots(rows: int, columns: int, n: int) -> np.ndarray:
    """exp(-2 pi i j k / n), (rows, columns) complex128."""
    return np.exp(-2j * np.pi * (np.outer(np.arange(rows), np.arange(columns)) % n) / n)
