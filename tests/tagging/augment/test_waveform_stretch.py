"""Time stretch, pitch shift and speed against librosa and against sounds whose time and pitch are known."""

import librosa
import numpy as np
import pytest
import tensorflow as tf

from tagging.augment.phase_vocoder import HOP, N_FFT, apply_stretch, draw_rates
from tagging.augment.speed import apply_retiming, draw_semitones, read_faster

RATE_HZ = 16_000


def tone(hz: float, samples: int = RATE_HZ) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(samples) / RATE_HZ)).astype(np.float32)


def events(*at: int) -> np.ndarray:
    """Soft bursts of 1 kHz, a quarter of a second long, centred at these samples of two seconds."""
    wave, burst = np.zeros(2 * RATE_HZ, np.float32), tone(1000, 4000) * np.hanning(4000).astype(np.float32)
    for sample in at:
        wave[sample - 2000 : sample + 2000] += burst
    return wave


def stretched(waves, rates, samples=None) -> np.ndarray:
    waves, rates = np.atleast_2d(waves), np.asarray(rates, np.float32)
    return apply_stretch(
        tf.constant(waves), tf.constant(rates), tf.ones_like(rates), samples or waves.shape[1]
    ).numpy()


def retimed(waves, rate=1.0, semitones=0.0, speed=1.0) -> np.ndarray:
    waves = np.atleast_2d(waves)
    given = (tf.fill([len(waves)], float(value)) for value in (rate, semitones, speed))
    return apply_retiming(tf.constant(waves), *given, 2 ** (semitones / 12) * speed).numpy()


def peak_hz(wave: np.ndarray) -> float:
    """Frequency of the highest peak, between bins by a parabola."""
    size = np.log(np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) + 1e-9)
    top = int(size.argmax())
    low, mid, high = size[top - 1 : top + 2]
    return (top + 0.5 * (low - high) / (low - 2 * mid + high)) * RATE_HZ / len(wave)


def times(wave: np.ndarray) -> list[float]:
    """Where the energy of each event lies, samples.

    A phase vocoder loses how the phases of neighbouring bins go together, and with it up to half a frame.
    """
    power = np.convolve(np.square(wave), np.ones(512) / 512, "same")
    edges = np.flatnonzero(np.diff((power > 0.05 * power.max()).astype(int), prepend=0, append=0))
    return [np.average(np.arange(a, b), weights=power[a:b]) for a, b in edges.reshape(-1, 2)]


def by_librosa(wave: np.ndarray, rate: float) -> np.ndarray:
    circle = np.concatenate([wave[-N_FFT // 2 :], wave, wave[: N_FFT // 2]]).astype(np.float64)
    spectra = librosa.stft(circle, n_fft=N_FFT, hop_length=HOP, center=False)
    stretched = librosa.phase_vocoder(spectra, rate=rate, n_fft=N_FFT)  # at its hop_length of N_FFT / 4
    return librosa.istft(stretched, hop_length=HOP, n_fft=N_FFT)


@pytest.mark.parametrize("rate", [0.5, 0.75, 1.25, 2.0])
def test_equals_librosa(rate):
    """Of noise, the hardest case. In float64, as librosa's sum of phases loses a hundredth of a turn in float32."""
    waves = 0.1 * np.random.default_rng(0).standard_normal((2, 64 * HOP)).astype(np.float32)
    out = stretched(waves, [rate, rate], samples=int(60 * HOP / rate))
    for wave, got in zip(waves, out[:, : -N_FFT // 2], strict=True):  # at the end ours has no further frame
        expected = by_librosa(wave, rate)[: len(got)]
        np.testing.assert_allclose(got, expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("samples", [300, 512, 1000, 4096, 5001])
def test_rate_1_changes_nothing(samples):
    waves = np.random.default_rng(0).uniform(-1, 1, (3, samples)).astype(np.float32)
    np.testing.assert_allclose(stretched(waves, [1.0] * 3), waves, atol=2e-6)


@pytest.mark.parametrize("rate", [0.7, 1.0, 1.3])
def test_a_tone_keeps_its_pitch_and_level(rate):
    out = stretched(tone(440), [rate])[0]
    assert peak_hz(out[2000:12_000]) == pytest.approx(440, abs=0.5)
    assert np.std(out[2000:12_000]) == pytest.approx(np.std(tone(440)), rel=0.02)


def test_events_come_at_their_new_times_each_row_at_its_own_rate():
    waves = np.stack([events(4000, 12_000)] * 3)
    out = stretched(waves, [0.5, 1.0, 1.25])
    for row, rate in zip(out, (0.5, 1.0, 1.25), strict=True):
        np.testing.assert_allclose(times(row)[:2], np.array([4000, 12_000]) / rate, atol=N_FFT // 2)


def test_a_sound_that_gets_shorter_begins_again():
    out = stretched(events(12_000), [2.0])[0]
    np.testing.assert_allclose(times(out), [6000, 6000 + RATE_HZ], atol=N_FFT // 2)


def test_silence_stays_silence():
    assert not stretched(np.zeros((2, 4000), np.float32), [0.8, 1.2]).any()


@pytest.mark.parametrize("peak", [1e-30, 1e-22, 1e-15, 1e-6])
def test_the_faintest_sound_gives_no_nan_and_gets_no_louder(peak):
    waves = (peak * np.random.default_rng(0).uniform(-1, 1, (2, 200 * HOP))).astype(np.float32)
    assert np.abs(stretched(waves, [0.8, 1.2])).max() <= 3 * peak


@pytest.mark.parametrize("semitones", [-12.0, -3.0, 4.0, 12.0])
def test_a_tone_is_shifted_by_semitones_in_its_own_time(semitones):
    out = retimed(np.stack([tone(440, 2 * RATE_HZ), events(6000, 24_000)]), semitones=semitones)
    assert peak_hz(out[0, 2000:14_000]) == pytest.approx(440 * 2 ** (semitones / 12), rel=1e-3)
    assert np.std(out[0, 2000:14_000]) == pytest.approx(np.std(tone(440)), rel=0.03)
    np.testing.assert_allclose(times(out[1]), [6000, 24_000], atol=N_FFT // 2)


@pytest.mark.parametrize("speed", [0.8, 1.25])
def test_speed_moves_time_and_pitch_together(speed):
    out = retimed(np.stack([tone(440, 2 * RATE_HZ), events(6000, 18_000)]), speed=speed)
    assert peak_hz(out[0, 2000:12_000]) == pytest.approx(440 * speed, rel=1e-3)
    np.testing.assert_allclose(times(out[1])[:2], np.array([6000, 18_000]) / speed, atol=20)


def test_all_at_once_multiply():
    out = retimed(
        np.stack([tone(440, 2 * RATE_HZ), events(6000, 18_000)]), rate=0.8, semitones=5.0, speed=1.1
    )
    assert peak_hz(out[0, 2000:12_000]) == pytest.approx(440 * 2 ** (5 / 12) * 1.1, rel=1e-3)
    np.testing.assert_allclose(times(out[1])[:2], np.array([6000, 18_000]) / (0.8 * 1.1), atol=N_FFT // 2)


def test_what_would_pass_half_the_rate_is_cut_off_and_does_not_fold_back():
    out = retimed(np.stack([tone(6000), tone(3000)]), semitones=12.0)[:, 2000:14_000]
    assert np.std(out[0]) < 0.01 * np.std(out[1])
    assert peak_hz(out[1]) == pytest.approx(6000, rel=1e-3)


def test_reading_is_exact_on_samples_and_on_parabolas():
    ramp = np.linspace(-1, 1, 200, dtype=np.float32)
    waves = tf.constant(np.stack([ramp, ramp**2]))
    np.testing.assert_array_equal(read_faster(waves, tf.ones(2), 200), waves)
    out = read_faster(waves, tf.constant([0.5, 1.5]), 120).numpy()[:, 2:]
    at = -1 + 2 / 199 * np.array([[0.5], [1.5]]) * np.arange(2, 120)
    np.testing.assert_allclose(out, [at[0], at[1] ** 2], atol=1e-6)


def test_long_windows_are_read_as_exactly_as_short_ones():
    """Places near 500,000 in float32 would be off by up to a 32nd of a sample, -40 dB of a tone of 1 kHz."""
    wave = tf.constant(tone(1000, 500_000)[np.newaxis])
    out = read_faster(wave, tf.constant([0.75]), 600_000).numpy()[0, -4000:]
    exact = 0.5 * np.sin(2 * np.pi * 1000 / RATE_HZ * 0.75 * np.arange(596_000, 600_000))
    assert np.abs(out - exact).max() < 0.002


def test_draws_are_uniform_over_their_range():
    for draw, low, high in ((draw_rates, 0.8, 1.25), (draw_semitones, -4.0, 2.0)):
        drawn = draw(20_000, low, high, tf.constant([1, 2])).numpy()
        expected = np.linspace(low, high, 5)
        np.testing.assert_allclose(np.quantile(drawn, [0, 0.25, 0.5, 0.75, 1]), expected, atol=0.1)
        np.testing.assert_array_equal(drawn, draw(20_000, low, high, tf.constant([1, 2])))
