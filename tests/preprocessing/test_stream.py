"""Sound in blocks against the same done to the whole sound at once, with soundfile, soxr and NumPy."""

import shutil
import subprocess

import numpy as np
import pytest
import soundfile as sf
import soxr
from pydub import AudioSegment

from preprocessing import chain, sound_arrays, sound_files
from preprocessing.chain import CleanStream
from preprocessing.errors import DecodeError
from preprocessing.settings import CleaningSettings, SilenceRule
from preprocessing.silence import energy_per_ms, kept_ranges
from preprocessing.sound import Sound
from preprocessing.sound_arrays import ArraySound
from preprocessing.sound_files import FileSound, decode
from preprocessing.stream import PcmStream

RULE = SilenceRule(threshold_dbfs=-40, min_silence_ms=100, keep_silence_ms=20)
SETTINGS = CleaningSettings(curated=[RULE])


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """A second of sound must be many blocks, none of a round length."""
    for module in (sound_files, sound_arrays):
        monkeypatch.setattr(module, "BLOCK_FRAMES", 1_001)


def pcm_of(sound: Sound, rate_hz: int = 16_000) -> np.ndarray:
    return np.concatenate(list(PcmStream(sound, rate_hz)))


def whole(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """(frames, channels) float32 -> mono PCM16 at 16 kHz."""
    mono = samples.mean(axis=1, dtype=np.float32)
    waveform = mono if rate_hz == 16_000 else soxr.resample(mono, rate_hz, 16_000, quality="HQ")
    return np.clip(np.rint(waveform * 32768), -32768, 32767).astype(np.int16)


def without_silence(pcm: np.ndarray, rule: SilenceRule) -> np.ndarray:
    kept = kept_ranges(*energy_per_ms([pcm], 16_000), 16_000, rule)
    return np.concatenate([pcm[start:end] for start, end in kept])


def bursts(rate_hz: int, channels: int, seed: int = 0) -> np.ndarray:
    """Noise with pauses, (frames, channels) float32; it exceeds full scale here and there."""
    rng = np.random.default_rng(seed)
    parts = [
        rng.normal(0, level, (int(rng.integers(500, rate_hz // 3)), channels))
        for level in (0.8, 0, 0.1, 0) * 3
    ]
    return np.concatenate(parts).astype(np.float32)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_blocks_are_the_whole_file_chain_bit_for_bit(write, rate_hz, channels):
    path = write("clip.wav", bursts(rate_hz, channels), rate_hz, "FLOAT")
    samples, _ = sf.read(path, dtype="float32", always_2d=True)
    expected, blocks = whole(samples, rate_hz), PcmStream(FileSound(path), 16_000)
    np.testing.assert_array_equal(np.concatenate([*blocks]), expected)
    np.testing.assert_array_equal(pcm_of(ArraySound(samples, rate_hz)), expected)
    assert blocks.clipped >= np.count_nonzero(expected == -32768) > 0
    np.testing.assert_array_equal(decode(path)[0], samples)


@pytest.mark.parametrize("format_", ["FLAC", "OGG", "MP3"])
def test_compressed_formats_too(tmp_path, format_):
    path = tmp_path / "clip"
    sf.write(path, 0.25 * bursts(44_100, 2), 44_100, format=format_)
    samples, rate_hz = sf.read(path, dtype="float32", always_2d=True)
    np.testing.assert_array_equal(pcm_of(FileSound(path)), whole(samples, rate_hz))


@pytest.mark.parametrize("removes", [True, False])
@pytest.mark.parametrize("held_s", [600.0, 0.1])
@pytest.mark.parametrize("rate_hz", [11_025, 16_000, 44_100])
def test_silence_goes_from_blocks_as_from_a_whole_clip(monkeypatch, rate_hz, held_s, removes):
    """Also where the clip is decoded once more, because it is too long to stay in memory."""
    monkeypatch.setattr(chain, "_HELD_S", held_s)
    settings = CleaningSettings(curated=[RULE], remove_silence=removes)
    for seed in range(4):
        samples = bursts(rate_hz, 2, seed)
        expected = whole(samples, rate_hz)
        expected = without_silence(expected, RULE) if removes else expected
        clean = CleanStream(ArraySound(samples, rate_hz), settings, "test")
        for _ in range(2):
            np.testing.assert_array_equal(np.concatenate(list(clean)), expected)
        assert (len(expected) < 0.9 * len(samples) * 16_000 / rate_hz) == removes


def test_of_too_little_sound_all_is_kept():
    samples = np.zeros((16_000, 1), np.float32)
    samples[8_000:9_000] = 0.5
    settings = CleaningSettings(curated=[RULE], min_kept_s=0.3)
    assert sum(map(len, CleanStream(ArraySound(samples, 16_000), settings, "test"))) == 16_000


def test_the_rule_is_that_of_the_raw_length():
    rules = [SilenceRule(max_s=1.5, threshold_dbfs=-90, min_silence_ms=5_000), RULE]
    settings = CleaningSettings(curated=rules)
    pause = np.zeros(8_000)
    for repeats, shortened in ((1, False), (2, True)):
        samples = np.tile(np.concatenate([np.full(8_000, 0.5), pause]), repeats)
        kept = sum(map(len, CleanStream(ArraySound(samples, 16_000), settings, "test")))
        assert (kept < len(samples)) == shortened


def test_int16_and_one_channel_are_taken():
    pcm = np.random.default_rng(0).integers(-(2**15), 2**15, 5_000).astype(np.int16)
    np.testing.assert_array_equal(pcm_of(ArraySound(pcm, 16_000)), pcm)
    np.testing.assert_array_equal(pcm_of(ArraySound(pcm / 32768, 16_000)), pcm)


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (np.zeros(0), "expected sound, received zero samples"),
        (np.zeros((0, 16)), "expected sound, received zero samples"),
        (np.full(9_000, np.nan), "NaN"),
        (np.zeros((2, 9_000)), "transpose"),
        (np.zeros((2, 2, 2)), "shape"),
        (np.zeros(9_000, np.int32), "int32"),
    ],
)
def test_arrays_that_are_no_sound_are_refused(samples, words):
    with pytest.raises(DecodeError, match=words):
        pcm_of(ArraySound(samples, 16_000))


def test_files_are_refused_as_by_decode(tmp_path):
    empty, text, headed = (tmp_path / name for name in ("empty.wav", "text.wav", "headed.wav"))
    empty.write_bytes(b"")
    text.write_text("no sound")
    sf.write(headed, np.zeros(0), 16_000)
    for path in (empty, text, headed, tmp_path / "missing.wav", tmp_path):
        with pytest.raises(DecodeError) as expected:
            decode(path)
        with pytest.raises(DecodeError) as found:
            pcm_of(FileSound(path))
        assert str(found.value) == str(expected.value)


def test_a_bad_sample_in_a_late_block_is_an_error(write):
    samples = bursts(16_000, 1)
    samples[-5] = np.inf
    with pytest.raises(DecodeError, match="1 of"):
        pcm_of(FileSound(write("clip.wav", samples, subtype="FLOAT")))


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
def test_ffmpeg_pipes_what_soundfile_cannot_read(tmp_path, write):
    wav, path = write("clip.wav", 0.25 * bursts(44_100, 2), 44_100), tmp_path / "-a 'clip'.m4a"
    command = ["ffmpeg", "-v", "error", "-i", wav, "-c:a", "aac", tmp_path / "x.m4a"]
    subprocess.run(command, check=True)  # noqa: S603
    (tmp_path / "x.m4a").rename(path)
    segment = AudioSegment.from_file(path)
    expected = whole(np.array(segment.get_array_of_samples()).reshape(-1, 2) / np.float32(32768), 44_100)
    found = pcm_of(FileSound(path))
    assert len(found) == len(expected)
    assert np.abs(found.astype(int) - expected).max() <= 1
    next(
        iter(PcmStream(FileSound(path), 16_000))
    )  # a pass that is not finished leaves no process and no pipe


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
def test_what_neither_can_read_is_refused(tmp_path):
    path = tmp_path / "clip.wav"
    path.write_bytes(np.random.default_rng(1).bytes(5_000))
    with pytest.raises(DecodeError, match="neither soundfile nor ffmpeg"):
        pcm_of(FileSound(path))


@pytest.mark.parametrize("file_format", ["WAV", "WAVEX"])
@pytest.mark.parametrize("channels", [1, 2])
def test_16_bit_wavs_are_what_libsndfile_makes_of_them_as_floats(tmp_path, file_format, channels):
    every = np.arange(-(2**15), 2**15, dtype=np.int16).reshape(-1, channels)
    sf.write(tmp_path / "a.wav", every, 8_000, format=file_format, subtype="PCM_16")
    read = [block for block, _ in FileSound(tmp_path / "a.wav").blocks()]
    expected, _ = sf.read(tmp_path / "a.wav", dtype="float32", always_2d=True)
    assert read[0].dtype == np.float32
    np.testing.assert_array_equal(np.concatenate(read), expected)
