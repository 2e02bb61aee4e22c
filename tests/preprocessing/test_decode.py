"""Every kind of audio is read, and everything else ends in one line."""

import gc
import shutil
import struct
import time
from threading import Event

import numpy as np
import pytest
from matplotlib import image
from scipy.io import wavfile

from foundation.workers import Workers
from preprocessing.decode import check_waveform
from preprocessing.errors import DecodeError
from preprocessing.sound_files import FileSound, decode

NOISE = np.random.default_rng(0).uniform(-0.9, 0.9, 4_000).astype(np.float32)


def refusal(path) -> str:
    with pytest.raises(DecodeError) as error:
        decode(path)
    assert "\n" not in str(error.value)
    return str(error.value)


def heard(path) -> tuple[int, str]:
    """(frames, warning)."""
    sound = FileSound(path)
    return sum(len(block) for block, _ in sound.blocks()), sound.warning


@pytest.mark.parametrize(
    ("subtype", "step"),
    [
        ("PCM_U8", 1 / 128),
        ("PCM_16", 1 / 2**15),
        ("PCM_24", 1e-6),
        ("PCM_32", 1e-6),
        ("FLOAT", 0),
        ("DOUBLE", 0),
    ],
)
def test_wav_of_every_width_is_read_within_its_own_rounding(write, subtype, step):
    samples, rate_hz = decode(write("clip.wav", NOISE, subtype=subtype))
    assert rate_hz == 16_000
    assert samples.dtype == np.float32
    np.testing.assert_allclose(samples[:, 0], NOISE, rtol=0, atol=step)


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_channels_stay_apart(write, channels):
    scaled = NOISE[:, None] * np.linspace(1, 0.1, channels, dtype=np.float32)
    samples, _ = decode(write("clip.wav", scaled, subtype="FLOAT"))
    np.testing.assert_array_equal(samples, scaled)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_rates(write, rate_hz):
    samples, rate_read_hz = decode(write("clip.wav", NOISE, rate_hz))
    assert (len(samples), rate_read_hz) == (4_000, rate_hz)


@pytest.mark.parametrize("name", ["clip.flac", "clip.ogg", "clip.mp3", "clip.aiff", "clip.caf"])
def test_other_formats_by_soundfile(write, name):
    samples, rate_hz = decode(write(name, NOISE))
    assert rate_hz == 16_000
    assert len(samples) == 4_000


@pytest.mark.parametrize(
    "name", ["a b  c.wav", "qu'o\"te.wav", "trébol 鳥 ß.wav", "-i.wav", "no_ending", "clip.raw"]
)
def test_names_do_not_matter(write, name):
    made = write("plain.wav", NOISE)
    samples, _ = decode(made.rename(made.with_name(name))) if name != "clip.raw" else decode(made)
    assert len(samples) == 4_000


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
def test_ffmpeg_reads_what_soundfile_cannot(tmp_path):
    from pydub import AudioSegment

    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)
    path = tmp_path / "clip with 'spaces'.m4a"
    pcm = (tone * 32767).astype(np.int16).tobytes()
    AudioSegment(pcm, frame_rate=44_100, sample_width=2, channels=1).export(str(path), format="ipod").close()
    samples, rate_hz = decode(path)
    assert rate_hz == 44_100
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)
    spectrum = np.abs(np.fft.rfft(samples[:44_100, 0]))
    assert spectrum.argmax() == 440
    assert heard(path) == (len(samples), "")


def test_missing_ffmpeg_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "clip.wma"
    path.write_bytes(bytes(range(256)) * 8)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert "install ffmpeg" in refusal(path)


def test_bytes_that_are_no_audio(tmp_path):
    path = tmp_path / "clip.wav"
    path.write_bytes(np.random.default_rng(1).bytes(5_000))
    message = refusal(path)
    assert "ffmpeg" in message
    assert message.endswith(
        "leave it out, or export it again" if shutil.which("ffmpeg") else "to WAV or FLAC"
    )
    assert len(message) < 200


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
@pytest.mark.parametrize("name", ["picture.png", "picture.wav"])
def test_what_ffmpeg_knows_but_holds_no_sound(tmp_path, name):
    path = tmp_path / name
    image.imsave(path, np.zeros((4, 4)), format="png")
    assert "neither soundfile nor ffmpeg" in refusal(path)
    gc.collect()  # a file left open would be a warning here


def test_missing_file_and_folder(tmp_path):
    assert refusal(tmp_path / "none.wav").endswith("'none.wav' does not exist")
    assert refusal(tmp_path / "n*" / "none.wav").endswith(": no file has a name of this pattern")
    assert "received a folder" in refusal(tmp_path)


def test_empty_file(tmp_path):
    path = tmp_path / "empty.wav"
    path.touch()
    assert "0 bytes" in refusal(path)


def test_zero_samples(write):
    assert "zero samples" in refusal(write("zero.wav", NOISE[:0]))


@pytest.mark.parametrize(
    "text", ["hello\n" * 900, "#EXTM3U\nhttp://localhost/x.mp3\n", "é" * 2_048 + "é" * 9]
)
def test_text_named_wav_never_reaches_ffmpeg(tmp_path, monkeypatch, text):
    monkeypatch.setattr("preprocessing.sound_files.ffmpeg_blocks", lambda *_: pytest.fail("ffmpeg saw text"))
    path = tmp_path / "text.wav"
    path.write_text(text, encoding="utf-8")
    assert refusal(path) == (
        "expected audio, received a text file: leave it out, or download the audio again"
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_samples_that_are_not_sound(write, bad):
    samples = NOISE.copy()
    samples[[7, 9]] = bad
    assert "2 of 4000" in refusal(write("bad.wav", samples, subtype="FLOAT"))


@pytest.mark.parametrize("rate_hz", [1, 999, 2**31 - 1])
def test_absurd_rates(write, rate_hz):
    assert f"received {rate_hz}" in refusal(write("clip.wav", NOISE, rate_hz))


def test_waveform_needs_a_channel_axis():
    with pytest.raises(DecodeError, match=r"\(frames, channels\)"):
        check_waveform(NOISE, 16_000)


def test_truncated_wav_is_read_as_far_as_it_goes_and_says_so(write):
    path = write("clip.wav", NOISE)
    assert heard(path) == (4_000, "")
    path.write_bytes(path.read_bytes()[: 44 + 2 * 1_000])
    samples, _ = decode(path)
    np.testing.assert_allclose(samples[:, 0], NOISE[:1_000], atol=1 / 2**15)
    assert heard(path) == (1_000, "heard 0.062 of 0.250 s: truncated")


def test_wav_cut_inside_its_header(write):
    path = write("clip.wav", NOISE)
    path.write_bytes(path.read_bytes()[:30])
    refusal(path)


def test_streamed_wav_promises_nothing(write):
    path = write("clip.wav", NOISE)
    data = path.read_bytes()
    path.write_bytes(data[:40] + struct.pack("<I", 0xFFFF_FFFF) + data[44:])
    assert heard(path) == (4_000, "")


def test_chunks_before_and_after_the_samples_are_no_truncation(write):
    path = write("clip.wav", NOISE)
    data = path.read_bytes()
    odd = b"note" + struct.pack("<I", 3) + b"abc\0"
    path.write_bytes(data[:36] + odd + data[36:] + odd)
    assert heard(path) == (4_000, "")


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
@pytest.mark.parametrize("kind", ["m3u8", "concat"])
def test_a_playlist_opens_no_other_file(tmp_path, write, kind):
    """A Latin-1 letter gets it past the check for text; ffmpeg must not open what it names."""
    write("other.wav", NOISE)
    texts = {
        "m3u8": "#EXTM3U\n# \xe9\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nother.wav\n#EXT-X-ENDLIST\n",
        "concat": "ffconcat version 1.0\n# \xe9\nfile other.wav\n",
    }
    path = tmp_path / "list.wav"
    path.write_bytes(texts[kind].encode("latin-1"))
    assert "neither soundfile nor ffmpeg" in refusal(path)


def test_float_samples_of_the_scale_of_integers_are_refused(write):
    path = write("clip.wav", NOISE * 20_000, subtype="FLOAT")
    assert "expected float samples of full scale 1.0" in refusal(path)


def test_a_file_is_not_read_to_its_end_for_a_command_that_was_interrupted(tmp_path):
    wavfile.write(tmp_path / "long.wav", 16_000, np.ones(4_000_000, np.int16))
    sound, begun, read_blocks = FileSound(tmp_path / "long.wav"), Event(), []

    def read():
        for number, _ in enumerate(sound.blocks()):
            read_blocks.append(number)
            begun.set()
            time.sleep(0.02)

    def interrupted():
        with Workers(1) as pool:
            pool.submit(read)
            begun.wait(20)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert 0 < len(read_blocks) < 40, "of 62 blocks"
