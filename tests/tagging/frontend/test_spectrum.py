"""Spectra by products with matrices, as exports have them, against the FFT."""

import keras
import numpy as np
import pytest

from tagging.frontend.parts.spectrum import dft, frames, is_without_fft, stft, without_fft
from tagging.frontend.registry import build_frontend
from tagging.frontend.settings import FRONTENDS, FrontendSettings

RATES_HZ = {"yamnet": 16_000, "mn_log_mel": 32_000}


def noise(samples: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, (2, samples)).astype("f")


@pytest.mark.parametrize("n", [1, 2, 60, 97, 512, 1024])
def test_dft_equals_numpys_fft(n):
    values = np.random.default_rng(n).normal(size=(2, 3, n)).astype("f")
    real, imaginary = (np.asarray(part) for part in dft(values))
    expected = np.fft.rfft(values.astype(np.float64))
    np.testing.assert_allclose(real + 1j * imaginary, expected, atol=2e-6 * n**0.5)


@pytest.mark.parametrize(("samples", "length", "hop"), [(100, 20, 5), (100, 20, 7), (33, 5, 9), (20, 20, 3)])
def test_frames_are_slices(samples, length, hop):
    wave = noise(samples)
    expected = [wave[:, start : start + length] for start in range(0, samples - length + 1, hop)]
    np.testing.assert_array_equal(np.asarray(frames(wave, length, hop)), np.stack(expected, axis=1))


@pytest.mark.parametrize(
    "arguments",
    [
        (1024, 512, 1024),
        (400, 160, 512),
        (127, 300, 127),
        (800, 320, 1024, np.hanning(800).astype("f"), True),
    ],
)
def test_stft_is_the_same_without_fft(arguments):
    plain = stft(noise(5_000), *arguments)
    with without_fft():
        assert is_without_fft()
        found = stft(noise(5_000), *arguments)
    assert not is_without_fft()
    for part, expected in zip(found, plain, strict=True):
        np.testing.assert_allclose(part, expected, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("name", FRONTENDS)
def test_images_of_all_front_ends_are_the_same_without_fft(name):
    keras.utils.set_random_seed(0)
    rate_hz = RATES_HZ.get(name, 8_000)
    t = np.arange(rate_hz) / rate_hz
    waves = np.stack([0.5 * np.sin(2 * np.pi * (100 + 1000 * t) * t), np.zeros_like(t), *noise(rate_hz)])
    frontend = build_frontend(FrontendSettings(name), rate_hz, 1)
    expected = np.asarray(frontend(waves.astype("f")))
    with without_fft():
        found = np.asarray(frontend(waves.astype("f")))
    np.testing.assert_allclose(found, expected, atol=6e-4 * max(1, np.abs(expected).max()))
