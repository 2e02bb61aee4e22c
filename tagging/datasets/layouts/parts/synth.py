"""Twelve kinds of synthesised sound, each drawn again for every clip: material of the demo data.

Every sound is a function (generator, samples) -> waveform at `RATE_HZ`, float64, of any level.
"""

from collections.abc import Callable

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

from tagging.datasets.layouts.parts.oscillators import (
    RATE_HZ,
    band_noise,
    decay,
    phase_of,
    repeat,
    slow,
    time_s,
)

Synth = Callable[[np.random.Generator, int], np.ndarray]


def plucked_string(rng: np.random.Generator, n: int) -> np.ndarray:
    """Notes of a scale by Karplus and Strong, "Digital synthesis of plucked-string", 1983."""
    root_hz = rng.uniform(90, 330)
    scale = 2.0 ** (rng.choice([0, 2, 3, 5, 7, 9, 10, 12], 8) / 12)
    damping, length = rng.uniform(0.985, 0.997), int(1.3 * RATE_HZ)

    def note(i: int) -> np.ndarray:
        period = round(RATE_HZ / (root_hz * scale[i % 8]))
        burst = np.zeros(length)
        burst[:period] = rng.uniform(-1, 1, period)
        feedback = np.zeros(period + 2)
        feedback[0], feedback[period:] = 1.0, -0.5 * damping
        return lfilter([1.0], feedback, burst)

    return repeat(rng, n, rng.uniform(0.22, 0.8), 0.1, note)


def church_bell(rng: np.random.Generator, n: int) -> np.ndarray:
    """A strike every few seconds: inharmonic partials, the high ones die first."""
    strike_hz = rng.uniform(250, 800)
    ratios = np.array([0.5, 1.0, 1.183, 1.506, 2.0, 2.514, 2.662, 3.011, 4.166]) * rng.uniform(0.99, 1.01, 9)
    levels, to_60_db_s = rng.uniform(0.3, 1.0, 9), rng.uniform(2.5, 6.0)
    t = time_s(min(n, 3 * RATE_HZ))
    partials = levels[:, None] * np.sin(2 * np.pi * strike_hz * ratios[:, None] * t)
    strike = (partials * 10.0 ** (-3.0 * t * np.sqrt(ratios)[:, None] / to_60_db_s)).sum(axis=0)
    return repeat(rng, n, rng.uniform(1.2, 3.0), 0.05, lambda _: strike)


def bass_drum(rng: np.random.Generator, n: int) -> np.ndarray:
    """Beats whose pitch falls within a few hundredths of a second."""
    end_hz, rise_hz = rng.uniform(42, 70), rng.uniform(60, 180)
    length, to_60_db_s = int(0.6 * RATE_HZ), rng.uniform(0.3, 0.8)
    sweep = np.sin(phase_of(end_hz + rise_hz * decay(length, 0.12))) * decay(length, to_60_db_s)
    skin = band_noise(rng, length, 200, 1500) * decay(length, 0.03) * rng.uniform(0.05, 0.3)
    return repeat(rng, n, rng.uniform(0.28, 0.7), 0.02, lambda _: (sweep + skin) * rng.uniform(0.7, 1.0))


def rain(rng: np.random.Generator, n: int) -> np.ndarray:
    """A steady hiss with single drops in it."""
    hiss = band_noise(rng, n, rng.uniform(800, 2000), rng.uniform(9000, 15000)) * slow(rng, n, 0.7, 0.8, 1.0)
    drops = (rng.random(n) < rng.uniform(20, 90) / RATE_HZ) * rng.uniform(2.0, 12.0, n)
    resonance_hz, radius = rng.uniform(2500, 5500), 0.985
    ring = lfilter([1.0], [1.0, -2 * radius * np.cos(2 * np.pi * resonance_hz / RATE_HZ), radius**2], drops)
    return hiss + 0.3 * ring


def engine(rng: np.random.Generator, n: int) -> np.ndarray:
    """Pulses of the cylinders, rich in harmonics, with a speed that drifts."""
    fire_hz = slow(rng, n, rng.uniform(0.5, 2.0), 0.8, 1.25) * rng.uniform(28, 75)
    phase = phase_of(fire_hz)
    pulses = np.exp(rng.uniform(8, 40) * (np.cos(phase) - 1)) * (1 + 0.3 * np.sin(phase / 4 + rng.random()))
    body = sosfilt(butter(1, (60, rng.uniform(600, 1600)), "bandpass", fs=RATE_HZ, output="sos"), pulses)
    return body + 0.25 * band_noise(rng, n, 100, 1200) * (0.3 + pulses)


def clock_tick(rng: np.random.Generator, n: int) -> np.ndarray:
    """Tick and tock in turn: two short resonances."""
    length = int(0.08 * RATE_HZ)
    pair = []
    for resonance_hz in rng.uniform(1800, 5200) * np.array([1.0, rng.uniform(0.7, 0.95)]):
        ring = np.sin(2 * np.pi * resonance_hz * time_s(length)) + 0.6 * rng.standard_normal(length)
        pair.append(ring * decay(length, rng.uniform(0.02, 0.07)))
    return repeat(rng, n, rng.uniform(0.2, 0.6), 0.01, lambda i: pair[i % 2] * rng.uniform(0.85, 1.0))


def bird_chirp(rng: np.random.Generator, n: int) -> np.ndarray:
    """Phrases of short whistles that glide up or down."""
    centre_hz, glide_hz = rng.uniform(2600, 5500), rng.uniform(-1400, 1400)
    length, gap = int(rng.uniform(0.05, 0.16) * RATE_HZ), rng.integers(4, 10)
    trill_hz, trill_rate_hz = rng.uniform(0, 350), rng.uniform(25, 60)

    def whistle(i: int) -> np.ndarray:
        if i % gap == gap - 1:
            return np.zeros(1)
        line = np.linspace(-0.5, 0.5, length)
        trill = trill_hz * np.sin(2 * np.pi * trill_rate_hz * time_s(length))
        return np.sin(phase_of(centre_hz * rng.uniform(0.95, 1.05) + glide_hz * line + trill)) * np.hanning(
            length
        )

    return repeat(rng, n, rng.uniform(0.13, 0.3), 0.25, whistle)


def alarm(rng: np.random.Generator, n: int) -> np.ndarray:
    """Electronic beeps of one or two pitches, odd harmonics as of a square wave."""
    period_s, pitch_hz = rng.uniform(0.12, 0.5), rng.uniform(900, 2600)
    pitches_hz = pitch_hz * np.array([1.0, rng.choice([1.0, 1.25, 1.5])])
    length = int(period_s * rng.uniform(0.4, 0.75) * RATE_HZ)
    edge = np.minimum(1.0, np.minimum(np.arange(length), np.arange(length)[::-1]) / 200)
    t = 2 * np.pi * time_s(length)
    beeps = [edge * sum(np.sin(k * hz * t) / k for k in (1, 3, 5)) for hz in pitches_hz]
    return repeat(rng, n, period_s, 0.0, lambda i: beeps[i % 2])


def wind(rng: np.random.Generator, n: int) -> np.ndarray:
    """Low noise in gusts; the stronger the gust, the higher its whistle."""
    gust = slow(rng, n, rng.uniform(0.4, 1.2), 0.15, 1.0)
    low = band_noise(rng, n, 50, rng.uniform(250, 500))
    whistle = band_noise(rng, n, rng.uniform(350, 500), rng.uniform(700, 1000))
    return low * gust + rng.uniform(0.3, 0.9) * whistle * gust**2


def applause(rng: np.random.Generator, n: int) -> np.ndarray:
    """Many hands: noise in the rhythm of random short claps."""
    claps = (rng.random(n) < rng.uniform(40, 160) / RATE_HZ) * rng.uniform(0.2, 1.0, n)
    keep = np.exp(-1 / (RATE_HZ * rng.uniform(0.003, 0.008)))
    return lfilter([1.0], [1.0, -keep], claps) * band_noise(
        rng, n, rng.uniform(500, 900), rng.uniform(2500, 4500)
    )


def door_knock(rng: np.random.Generator, n: int) -> np.ndarray:
    """Two to five knocks on wood, a rest, and again."""
    length, group = int(0.2 * RATE_HZ), rng.integers(3, 7)
    modes_hz = rng.uniform(130, 260) * np.array([1.0, rng.uniform(1.7, 2.4), rng.uniform(3.0, 4.5)])
    rings = [
        np.sin(2 * np.pi * hz * time_s(length)) * decay(length, rng.uniform(0.08, 0.2)) for hz in modes_hz
    ]
    hit = sum(rings) + 0.8 * band_noise(rng, length, 300, 2500) * decay(length, 0.04)

    def knock(i: int) -> np.ndarray:
        return np.zeros(1) if i % group == group - 1 else hit * rng.uniform(0.7, 1.0)

    return repeat(rng, n, rng.uniform(0.13, 0.3), 0.1, knock)


def siren(rng: np.random.Generator, n: int) -> np.ndarray:
    """A tone with harmonics that glides up and down without a pause."""
    low_hz, high_hz = rng.uniform(380, 650), rng.uniform(1000, 1600)
    glide = 0.5 - 0.5 * np.cos(2 * np.pi * (time_s(n) / rng.uniform(0.5, 3.0) + rng.random()))
    phase = phase_of(low_hz + (high_hz - low_hz) * glide)
    return np.sum([rng.uniform(0.6, 1.0) * np.sin(k * phase) / k for k in (1, 2, 3, 4)], axis=0)


# Class -> sound; the names are in the manner of FSDKaggle2019.
SOUNDS: dict[str, Synth] = {
    "Alarm": alarm,
    "Applause": applause,
    "Bass_drum": bass_drum,
    "Chirp_and_tweet": bird_chirp,
    "Church_bell": church_bell,
    "Engine": engine,
    "Knock": door_knock,
    "Plucked_string": plucked_string,
    "Rain": rain,
    "Siren": siren,
    "Tick-tock": clock_tick,
    "Wind": wind,
}
