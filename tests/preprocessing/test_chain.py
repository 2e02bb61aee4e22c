"""The cleaning chain: what comes out, from where, and what is kept whole."""

import numpy as np
import pytest

from preprocessing.chain import CleanStream
from preprocessing.errors import DecodeError
from preprocessing.settings import CleaningSettings, SilenceRule
from preprocessing.sound_arrays import ArraySound

SETTINGS = CleaningSettings()


def clean(samples, rate_hz=16_000, settings=SETTINGS, split="curated") -> CleanStream:
    return CleanStream(ArraySound(samples, rate_hz), settings, split)


def test_silence_goes_and_the_kept_ranges_say_where_the_rest_was(sound):
    cleaned = clean(sound)
    # Clips up to 3 s keep 100 ms at each side of a pause of 1 s; a window counts as silent up to 300 ms.
    assert (cleaned.status, cleaned.reason, cleaned.clipped) == ("ok", "", 0)
    assert cleaned.kept == [(0, 9_600), (22_400, 32_000)]
    whole = np.rint(sound * 32768).astype(np.int16)
    np.testing.assert_array_equal(cleaned.pcm(), np.concatenate([whole[:9_600], whole[22_400:]]))


def test_the_rule_is_chosen_by_the_raw_length(sound):
    rules = [
        SilenceRule(max_s=2.0, threshold_dbfs=-90.0, min_silence_ms=1_500),
        SilenceRule(min_silence_ms=100),
    ]
    settings = CleaningSettings(curated=rules)
    assert len(clean(sound, settings=settings)) == 32_000
    assert len(clean(np.append(sound, sound[:1]), settings=settings)) < 20_000


def test_silence_can_stay(sound):
    cleaned = clean(sound, settings=CleaningSettings(remove_silence=False))
    assert cleaned.kept == [(0, 32_000)]
    assert len(cleaned) == 32_000


def test_any_rate_and_channels_become_mono_at_the_rate_of_the_settings():
    stereo = np.full((44_100, 2), 0.25, np.float32)
    stereo[:, 1] = 0.5
    cleaned = clean(stereo, 44_100, split="noisy")
    assert cleaned.pcm().dtype == np.int16
    assert len(cleaned) == 16_000
    assert np.median(cleaned.pcm()) == round(0.375 * 32768)


def test_a_silent_clip_is_kept_whole_and_marked():
    cleaned = clean(np.zeros((16_000, 1), np.float32))
    assert (cleaned.status, cleaned.reason) == ("kept_whole", "only 0.000 s would remain")
    assert len(cleaned) == 16_000


@pytest.mark.parametrize(("click_s", "status"), [(0.08, "kept_whole"), (0.1, "ok"), (0.12, "ok")])
def test_a_clip_of_which_too_little_would_remain_is_kept_whole(click_s, status):
    samples = np.zeros((32_000, 1), np.float32)
    samples[8_000 : 8_000 + round(click_s * 16_000)] = 0.5  # and 100 ms are kept at each side
    cleaned = clean(samples)
    assert cleaned.status == status
    assert (len(cleaned) == 32_000) == (status == "kept_whole")


def test_a_short_clip_without_silence_is_no_exception():
    cleaned = clean(np.full((1_600, 1), 0.5, np.float32))
    assert (cleaned.status, len(cleaned)) == ("ok", 1_600)


def test_clipping_is_counted():
    samples = np.full((16_000, 1), 0.5, np.float32)
    samples[100:110] = -1.5
    assert clean(samples).clipped == 10


def test_unusable_waveforms_are_refused():
    with pytest.raises(DecodeError, match="too few"):
        clean(np.ones((1, 1), np.float32), 96_000)
    with pytest.raises(DecodeError, match="NaN"):
        clean(np.full((100, 1), np.nan, np.float32))
