"""Rules on sample rates and bands."""

import numpy as np
import soxr

from tagging.config.load import load_config
from tagging.doctor.sounds import listen
from tests.tagging.doctor.conftest import noise


def test_sources_of_a_low_rate_ask_for_that_rate(made):
    made.classes(5, lambda seed: noise(rate_hz=8_000, seed=seed), rate_hz=8_000)
    assert made.settings("empty bands") == ("cleaning.rate_hz=8000", "frontend.hop_length=256")
    assert made.settings("empty bands", "cleaning.rate_hz=8000") is None


def test_upsampled_files_are_heard(made):
    made.classes(
        5, lambda seed: soxr.resample(noise(rate_hz=8_000, seed=seed), 8_000, 44_100), rate_hz=44_100
    )
    expected = ("cleaning.rate_hz=8000", "frontend.hop_length=256", "frontend.fmax_hz=null")
    assert made.settings("empty bands", "frontend.fmax_hz=7500") == expected


def test_clean_audio_of_another_rate_gets_another_folder(made):
    made.classes(5, lambda seed: noise(rate_hz=8_000, seed=seed), rate_hz=8_000)
    clean = made.root.parent / "clean"
    checkup = made.look()
    assert load_config(checkup.config, checkup.changes).clean_dir == str(clean)
    clean.mkdir()
    checkup = made.look()
    advised = load_config(checkup.config, checkup.changes)
    assert (advised.clean_dir, advised.cleaning.rate_hz) == (f"{clean}_doctor", 8_000)


def test_a_fixed_rate_is_not_changed(made):
    made.classes(5, lambda seed: noise(rate_hz=8_000, seed=seed), rate_hz=8_000)
    assert made.settings("empty bands", "frontend.name=yamnet", "model.name=yamnet") == ()


def test_wide_sound_keeps_its_rate(made):
    made.classes(5, lambda seed: noise(rate_hz=44_100, seed=seed), rate_hz=44_100)
    assert made.settings("empty bands") is None
    assert made.settings("two kinds of sources") is None


def test_two_kinds_of_sources_share_the_lower_bands(made):
    made.classes(5).write(
        {f"cat/{n}.wav": noise(rate_hz=8_000, seed=90 + n) for n in range(3)}, rate_hz=8_000
    )
    assert made.settings("two kinds of sources") == ("frontend.fmax_hz=4000",)
    assert made.settings("two kinds of sources", "frontend.fmax_hz=4000") is None


def test_mel_bands_without_a_bin(made):
    (setting,) = made.classes(5).settings("mel bands without a bin", "frontend.n_fft=256")
    assert setting.startswith("frontend.n_mels=")
    assert made.settings("mel bands without a bin", "frontend.n_fft=256", setting) is None
    assert made.settings("mel bands without a bin") is None


def test_level_and_band_of_a_tone(made):
    time_s = np.arange(16_000) / 16_000
    made.write({"a/tone.wav": 0.5 * np.sin(2 * np.pi * 1_000 * time_s)})
    sound = listen(made.root / "a" / "tone.wav")
    assert abs(sound.peak_dbfs + 6.02) < 0.01
    assert abs(sound.rms_dbfs + 9.03) < 0.01
    assert 1_000 < sound.top_hz < 1_100
    assert sound.full_share == 0
