"""Our silence rule against pydub's own code."""

import numpy as np
import pytest
from pydub import AudioSegment
from pydub.silence import split_on_silence

from benchmarks.silence_vs_pydub import pydub_ranges_ms
from preprocessing.settings import SilenceRule
from preprocessing.silence import energy_per_ms, kept_ranges, sound_ranges_ms

RATES_HZ = (8_000, 11_025, 16_000, 22_050, 44_100, 48_000)


def remove_silence(pcm: np.ndarray, rate_hz: int, rule: SilenceRule) -> np.ndarray:
    kept = kept_ranges(*energy_per_ms([pcm], rate_hz), rate_hz, rule)
    return np.concatenate([pcm[:0], *(pcm[start:end] for start, end in kept)])


def clip(rng: np.random.Generator, rate_hz: int) -> np.ndarray:
    """Bursts and pauses of random length and level; the length is any number of samples."""
    parts = []
    for _ in range(rng.integers(1, 8)):
        frames = int(rng.integers(1, rate_hz // 4))
        level = rng.choice([0, 1, 30, 100, 300, 1_000, 10_000])
        parts.append(rng.integers(-level, level + 1, frames))
    return np.concatenate(parts).astype(np.int16)


def rule(rng: np.random.Generator) -> SilenceRule:
    return SilenceRule(
        threshold_dbfs=float(rng.choice([-70.0, -50.0, -41.3, -30.0])),
        min_silence_ms=int(rng.choice([1, 7, 50, 120, 400])),
        keep_silence_ms=int(rng.choice([0, 1, 15, 100, 1_000])),
    )


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_random_clips_give_the_ranges_of_pydub(rate_hz):
    rng = np.random.default_rng(rate_hz)
    cuts = 0
    for _ in range(60):
        pcm, chosen = clip(rng, rate_hz), rule(rng)
        ranges = sound_ranges_ms(pcm, rate_hz, chosen)
        assert ranges == pydub_ranges_ms(pcm, rate_hz, chosen), chosen
        cuts += len(ranges) > 1
    assert cuts > 5


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize(
    "extra", [0, 1, 5, 8, 12, 23, 30, 43]
)  # lengths that round up, down and half to even
def test_lengths_between_milliseconds(rate_hz, extra):
    rng = np.random.default_rng(extra)
    tone, rest = rng.integers(-9_000, 9_000, rate_hz // 5 + extra), np.zeros(rate_hz // 5, int)
    for parts in ([tone, rest, tone], [rest, tone], [tone, rest], [rest, tone[:extra]]):
        pcm = np.concatenate(parts).astype(np.int16)
        for keep_ms in (0, 30):
            chosen = SilenceRule(min_silence_ms=100, keep_silence_ms=keep_ms)
            assert sound_ranges_ms(pcm, rate_hz, chosen) == pydub_ranges_ms(pcm, rate_hz, chosen)


def test_all_silent_gives_nothing():
    assert sound_ranges_ms(np.zeros(16_000, np.int16), 16_000, SilenceRule()) == []
    assert len(remove_silence(np.zeros(16_000, np.int16), 16_000, SilenceRule())) == 0


@pytest.mark.parametrize("frames", [1, 7, 8, 9, 24, 1_599])
def test_a_clip_shorter_than_the_minimum_is_kept_whole(frames):
    pcm = np.zeros(frames, np.int16)
    chosen = SilenceRule(min_silence_ms=200)
    assert sound_ranges_ms(pcm, 16_000, chosen) == pydub_ranges_ms(pcm, 16_000, chosen)
    np.testing.assert_array_equal(remove_silence(pcm, 16_000, chosen), pcm)


@pytest.mark.parametrize("pause_ms", [300, 301])
def test_kept_silences_that_overlap_meet_in_the_middle(pause_ms):
    tone = np.full(1_600, 9_000)
    pcm = np.concatenate([tone, np.zeros(16 * pause_ms, int), tone]).astype(np.int16)
    chosen = SilenceRule(min_silence_ms=200, keep_silence_ms=250)
    ranges = sound_ranges_ms(pcm, 16_000, chosen)
    assert ranges == pydub_ranges_ms(pcm, 16_000, chosen)
    assert ranges[0][1] == ranges[1][0]
    np.testing.assert_array_equal(remove_silence(pcm, 16_000, chosen), pcm)


def test_a_window_at_the_threshold_is_silent():
    pcm = np.full(16_000, 32, np.int16)  # its RMS is 32 exactly
    at = 20 * np.log10(32 / 32768)
    assert sound_ranges_ms(pcm, 16_000, SilenceRule(threshold_dbfs=at + 1e-9)) == []
    assert sound_ranges_ms(pcm, 16_000, SilenceRule(threshold_dbfs=at - 1e-9)) == [(0, 1_000)]


def test_a_window_exactly_at_full_scale_and_threshold_is_silent():
    pcm = np.full(16_000, -32768, np.int16)
    chosen = SilenceRule(threshold_dbfs=0.0)
    assert sound_ranges_ms(pcm, 16_000, chosen) == pydub_ranges_ms(pcm, 16_000, chosen) == []


@pytest.mark.parametrize(("gap_ms", "silences"), [(50, 1), (51, 2)])
def test_silences_merge_unless_the_gap_of_their_starts_exceeds_the_minimum(gap_ms, silences):
    """Two blips, each too weak to break a window of 50 ms, both together strong enough."""
    energy = np.zeros(300)
    energy[[149, 100 + gap_ms]] = (
        0.7  # windows from 100 and from 100 + gap hold one blip, those between hold both
    )
    energy[149 + 1 : 100 + gap_ms] = 0.7
    energy[[*range(100), *range(100 + gap_ms + 50, 300)]] = 1e4
    amplitude = np.sqrt(energy * 50) * 100  # 100: the RMS of the threshold
    pcm = np.repeat(amplitude, 16).astype(np.int16)
    chosen = SilenceRule(threshold_dbfs=20 * np.log10(100 / 32768), min_silence_ms=50, keep_silence_ms=0)
    ranges = sound_ranges_ms(pcm, 16_000, chosen)
    assert ranges == pydub_ranges_ms(pcm, 16_000, chosen)
    assert len(ranges) == silences + 1


def test_the_loudest_samples_do_not_overflow():
    pcm = np.full(48_000, -32768, np.int16)
    assert sound_ranges_ms(pcm, 16_000, SilenceRule(min_silence_ms=3_000, threshold_dbfs=-0.001)) == [
        (0, 3_000)
    ]


@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
def test_removed_audio_is_pydubs_up_to_the_true_end(rate_hz):
    rng = np.random.default_rng(3)
    chosen = SilenceRule(threshold_dbfs=-41.3, min_silence_ms=50, keep_silence_ms=10)
    for _ in range(20):
        pcm = clip(rng, rate_hz)
        segment = AudioSegment(pcm.tobytes(), frame_rate=rate_hz, sample_width=2, channels=1)
        pieces = [p.get_array_of_samples() for p in split_on_silence(segment, 50, -41.3, 10)]
        theirs = np.concatenate([np.zeros(0, np.int16), *pieces])
        ours = remove_silence(pcm, rate_hz, chosen)
        shared = min(len(ours), len(theirs))
        assert abs(len(ours) - len(theirs)) <= rate_hz / 2_000 + 1
        np.testing.assert_array_equal(ours[:shared], theirs[:shared])
        assert not theirs[shared:].any()  # what pydub has more is its padding


def test_sound_to_the_end_keeps_every_sample():
    for frames in range(16_000, 16_032):
        pcm = np.full(frames, 9_000, np.int16)
        np.testing.assert_array_equal(remove_silence(pcm, 16_000, SilenceRule()), pcm)
