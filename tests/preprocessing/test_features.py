"""Features of audio against librosa called as its own documentation does, and against arithmetic."""

import itertools

import librosa
import numpy as np
import pytest

from preprocessing.errors import DecodeError
from preprocessing.feature_settings import FeatureSettings
from preprocessing.features import compute_features

RATE_HZ = 16_000
SIZES = {"n_fft": 1024, "hop_length": 400}


@pytest.fixture(scope="module")
def pcm() -> np.ndarray:
    """Two seconds of three notes with noise, from loud to soft."""
    rng = np.random.default_rng(0)
    times = np.arange(2 * RATE_HZ) / RATE_HZ
    notes = sum(np.sin(2 * np.pi * f * times * (1 + (times > 1) / 2)) for f in (262.0, 330.0, 392.0))
    wave = (0.2 * notes + 0.05 * rng.normal(size=len(times))) * np.exp(-times)
    return np.rint(wave * 20_000).astype(np.int16)


@pytest.fixture(scope="module")
def clicks() -> np.ndarray:
    """20 clicks in 10 s, 120 a minute, the first after a quarter of a second."""
    wave = librosa.clicks(times=np.arange(0.25, 10, 0.5), sr=RATE_HZ, length=10 * RATE_HZ)
    return np.rint(wave * 20_000).astype(np.int16)


def make(pcm, name, **keys):
    return compute_features(pcm, RATE_HZ, FeatureSettings(name=name, **keys))


def wave_of(pcm):
    return pcm.astype(np.float32) / 32768


def log_mel_of(pcm, n_mels=128, top_db=80.0, **sizes):
    mel = librosa.feature.melspectrogram(y=wave_of(pcm), sr=RATE_HZ, n_mels=n_mels, **sizes)
    return librosa.power_to_db(mel, top_db=top_db)


def chroma_of(pcm, **sizes):
    return librosa.feature.chroma_stft(y=wave_of(pcm), sr=RATE_HZ, **sizes)


def equal(features, expected):
    """librosa's (bands, steps), to within float32."""
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, expected.T, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    "keys", [{}, SIZES, {"n_mels": 40, "top_db": 30.0}, {**SIZES, "center": False, "n_mels": 64}]
)
def test_mel_is_librosas_log_mel(pcm, keys):
    features, note = make(pcm, "mel", **keys)
    equal(features, log_mel_of(pcm, **keys))
    assert note == ""


def test_the_floor_of_mel_is_top_db_under_its_peak(pcm):
    for top_db in (10.0, 30.0):
        features, _ = make(pcm, "mel", top_db=top_db)
        assert np.ptp(features) == pytest.approx(top_db, abs=1e-4)


@pytest.mark.parametrize("keys", [{}, SIZES, {**SIZES, "center": False}])
def test_chroma_is_librosas(pcm, keys):
    equal(make(pcm, "chroma", **keys)[0], chroma_of(pcm, **keys))


def test_fused_is_mel_and_chroma_side_by_side(pcm):
    features, _ = make(pcm, "fused")
    assert features.shape == (1 + 2 * RATE_HZ // 512, 140)
    equal(features, np.concatenate([log_mel_of(pcm), chroma_of(pcm)]))


@pytest.mark.parametrize("keys", [{}, {**SIZES, "n_mfcc": 20, "n_mels": 40}])
def test_mfcc_are_librosas(pcm, keys):
    expected = librosa.feature.mfcc(y=wave_of(pcm), sr=RATE_HZ, **{"n_mfcc": 13, **keys})
    equal(make(pcm, "mfcc", **keys)[0], expected)


def test_a_second_at_50_ms_has_21_steps_centred_and_20_inside():
    second = np.random.default_rng(1).integers(-9_000, 9_000, 22_050).astype(np.int16)
    for center, steps in ((True, 21), (False, 20)):
        settings = FeatureSettings(name="mfcc", n_fft=1102, hop_length=1102, n_mels=40, center=center)
        assert compute_features(second, 22_050, settings)[0].shape == (steps, 13)


def test_statistics_are_means_then_deviations_of_mfcc(pcm):
    mfcc = make(pcm, "mfcc", hop_length=800)[0].astype(np.float64)
    statistics, _ = make(pcm, "mfcc_statistics", hop_length=800)
    deviations = np.sqrt(((mfcc - mfcc.mean(0)) ** 2).sum(0) / len(mfcc))
    assert statistics.shape == (1, 26)
    np.testing.assert_allclose(statistics[0], [*mfcc.mean(0), *deviations], rtol=1e-4)


def test_a_click_track_has_one_step_a_beat(clicks):
    _, beats = librosa.beat.beat_track(y=wave_of(clicks), sr=RATE_HZ, trim=False)
    assert len(beats) == 20
    np.testing.assert_allclose(beats * 512 / RATE_HZ, np.arange(0.25, 10, 0.5), atol=2 * 512 / RATE_HZ)
    features, note = make(clicks, "beat_mel")
    assert features.shape == (1 + 20, 128)  # what is before the first beat is a step too
    assert note == ""


@pytest.mark.parametrize("name", ["beat_mel", "beat_chroma", "beat_fused"])
def test_beat_steps_are_medians_between_librosas_beats(clicks, name):
    plain, _ = make(clicks, name.removeprefix("beat_"))
    _, beats = librosa.beat.beat_track(y=wave_of(clicks), sr=RATE_HZ, trim=False)
    edges = [0, *beats, len(plain)]
    medians = [np.median(plain[a:b], axis=0) for a, b in itertools.pairwise(edges)]
    equal(make(clicks, name)[0], np.array(medians).T)


def test_beats_are_found_at_the_hop_of_the_features(clicks):
    features, _ = make(clicks, "beat_chroma", hop_length=256)
    _, beats = librosa.beat.beat_track(y=wave_of(clicks), sr=RATE_HZ, hop_length=256, trim=False)
    expected = librosa.util.sync(chroma_of(clicks, hop_length=256), beats.tolist(), aggregate=np.median)
    equal(features, expected)


def test_a_clip_without_beats_is_one_step_and_says_so():
    features, note = make(np.zeros(RATE_HZ, np.int16), "beat_fused")
    assert features.shape == (1, 140)
    assert note == "no beats found: one step"


@pytest.mark.parametrize("name", ["mel", "chroma", "fused", "beat_fused", "mfcc", "mfcc_statistics"])
@pytest.mark.parametrize("frames", [1, 700])
def test_silence_and_the_shortest_clips_have_finite_features(name, frames):
    for pcm in (np.zeros(frames, np.int16), np.full(frames, 9_000, np.int16)):
        features, _ = make(pcm, name)
        assert len(features) >= 1
        assert np.isfinite(features).all()


def test_what_cannot_be_made_is_refused():
    short = np.ones(1_023, np.int16)
    with pytest.raises(DecodeError, match="expected 1024 samples or more"):
        make(short, "mel", n_fft=1024, center=False)
    with pytest.raises(DecodeError, match=r"128 bands at 16000 Hz: lower cleaning\.features\.n_mels"):
        make(short, "mel", n_fft=256)
