"""Resampling and PCM against closed forms."""

import numpy as np
import pytest
import soundfile as sf

from preprocessing.mono import to_mono
from preprocessing.resample import resample, to_pcm16


def sine(frequency_hz: float, rate_hz: int, seconds: float = 1.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * rate_hz)) / rate_hz)).astype(
        np.float32
    )


def level_db(waveform: np.ndarray) -> float:
    return 20 * np.log10(np.sqrt(np.mean(waveform**2)) / np.sqrt(0.125) + 1e-12)


@pytest.mark.parametrize("rate_in_hz", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_a_sine_stays_that_sine(rate_in_hz):
    out = resample(sine(1_000, rate_in_hz), rate_in_hz, 16_000)
    assert out.dtype == np.float32
    assert abs(len(out) - 16_000) <= 1
    inner = slice(500, 15_500)  # the filter rings at the ends
    np.testing.assert_allclose(out[inner], sine(1_000, 16_000)[inner], atol=1e-4)


@pytest.mark.parametrize("frequency_hz", [8_200, 10_000, 20_000])
def test_a_tone_above_the_new_nyquist_vanishes(frequency_hz):
    out = resample(sine(frequency_hz, 44_100), 44_100, 16_000)
    assert level_db(out[500:-500]) < -80


def test_a_tone_just_below_the_new_nyquist_stays():
    out = resample(sine(7_000, 44_100), 44_100, 16_000)
    assert level_db(out[500:-500]) == pytest.approx(0, abs=0.05)


def test_the_same_rate_changes_nothing():
    waveform = sine(440, 16_000)
    np.testing.assert_array_equal(resample(waveform, 16_000, 16_000), waveform)


def test_mono_is_the_mean_of_all_channels():
    six = np.tile(np.arange(6, dtype=np.float32) / 10, (4, 1))
    np.testing.assert_allclose(to_mono(six), np.full(4, 0.25), rtol=1e-6)
    assert to_mono(six).dtype == np.float32


def test_pcm_rounds_clips_and_counts():
    pcm, clipped = to_pcm16(np.array([0, 0.4 / 32768, 0.6 / 32768, 1.0, 1.2, -1.0, -1.5], np.float32))
    np.testing.assert_array_equal(pcm, [0, 0, 1, 32767, 32767, -32768, -32768])
    assert pcm.dtype == np.int16
    assert clipped == 2  # 1.2 and -1.5; full scale itself is not beyond it


def test_every_int16_survives_the_way_through_float(write):
    values = np.arange(-32768, 32768, dtype=np.int16)
    floats, _ = sf.read(write("all.wav", values), dtype="float32")
    pcm, clipped = to_pcm16(floats)
    np.testing.assert_array_equal(pcm, values)
    assert clipped == 0
