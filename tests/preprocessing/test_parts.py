"""Files of several streams, cut ones, unfinished ones: all is heard, or a warning tells what was not."""

import os
import shutil
import socket
import struct
import subprocess

import numpy as np
import pytest
import soundfile as sf

from preprocessing import libsndfile, sound_files
from preprocessing.decode import Heard, open_audio
from preprocessing.errors import DecodeError
from preprocessing.libsndfile import find_streams, read_streams
from preprocessing.parts import PartView
from preprocessing.sound_files import FileSound, decode

RATE_HZ = 16_000
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, 3 * RATE_HZ).astype(np.float32)
needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")


@pytest.fixture
def joined(tmp_path):
    """joined(format, subtype, *clips): (rate in Hz, samples) each, encoded and put together; and what each alone is."""

    def make(kind, subtype, *clips):
        path, alone = tmp_path / f"joined.{kind}", []
        with path.open("wb") as file:
            for rate_hz, samples in clips:
                sf.write(tmp_path / "one", samples, rate_hz, format=kind, subtype=subtype)
                file.write((tmp_path / "one").read_bytes())
                alone.append(decode(tmp_path / "one")[0])
        return path, alone

    return make


def heard(path) -> tuple[np.ndarray, str]:
    sound = FileSound(path)
    return np.concatenate([block for block, _ in sound.blocks()]), sound.warning


def ffmpeg(*args) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *args], check=True)  # noqa: S603, S607


@pytest.mark.parametrize(
    ("kind", "subtype"), [("OGG", "VORBIS"), ("OGG", "OPUS"), ("FLAC", "PCM_16"), ("WAV", "PCM_16")]
)
def test_streams_put_together_are_heard_one_after_the_other(monkeypatch, joined, kind, subtype):
    monkeypatch.setattr(sound_files, "BLOCK_FRAMES", 1_001)
    parts = [(RATE_HZ, NOISE[:RATE_HZ]), (RATE_HZ, NOISE[RATE_HZ:]), (RATE_HZ, NOISE[:99])]
    path, alone = joined(kind, subtype, *parts)
    samples, warning = heard(path)
    np.testing.assert_array_equal(samples, np.concatenate(alone))
    assert len(samples) == len(NOISE) + 99
    assert warning == ""


@pytest.mark.skipif(os.name != "posix", reason="libsndfile gets no descriptor")
@pytest.mark.parametrize("kind", ["aiff", "flac", "mp3", "ogg", "wav"])
def test_libsndfile_reads_a_whole_file_without_python(monkeypatch, write, kind):
    path = write(f"whole.{kind}", NOISE)
    with monkeypatch.context() as patch:
        patch.setattr(libsndfile, "_own_number", lambda _: None)
        by_view, _ = heard(path)
    if kind != "mp3":  # its header is looked at
        monkeypatch.setattr(PartView, "readinto", None)
    np.testing.assert_array_equal(heard(path)[0], by_view)


@pytest.mark.parametrize("is_replaced", [True, False])
def test_a_file_whose_name_is_lost_is_read_as_it_was_opened(write, is_replaced):
    path = write("a.flac", NOISE)
    expected, _ = decode(path)
    file, head = open_audio(path)
    path.unlink()
    if is_replaced:
        write("a.flac", -NOISE)
    with file:
        first, parts = find_streams(file, head)
        blocks = [block for block, _ in read_streams(file, first, parts, RATE_HZ, Heard())]
    np.testing.assert_array_equal(np.concatenate(blocks), expected)


@pytest.mark.parametrize("kind", ["OGG", "FLAC", "WAV"])
def test_a_stream_of_another_rate_is_passed_over_with_a_warning(joined, kind):
    path, (first, _, third) = joined(
        kind, None, (RATE_HZ, NOISE), (8_000, NOISE[:8_000]), (RATE_HZ, NOISE[:160])
    )
    samples, warning = heard(path)
    np.testing.assert_array_equal(samples, np.concatenate([first, third]))
    assert warning == "heard 3.010 of 4.010 s: part 2 of 3 has another rate or other channels"


@needs_ffmpeg
def test_mp3s_put_together_are_heard(joined):
    path, alone = joined("MP3", None, (RATE_HZ, NOISE[:RATE_HZ]), (RATE_HZ, NOISE[RATE_HZ:]))
    samples, warning = heard(path)
    assert len(samples) == pytest.approx(sum(map(len, alone)), abs=4 * 576)
    assert warning == ""


def test_without_ffmpeg_a_warning_says_what_is_not_heard_of_them(monkeypatch, joined):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    path, (first, _) = joined("MP3", None, (RATE_HZ, NOISE[:RATE_HZ]), (RATE_HZ, NOISE[RATE_HZ:]))
    samples, warning = heard(path)
    np.testing.assert_array_equal(samples, first)
    assert warning.startswith("heard 1.000 of 3.")
    assert warning.endswith("install ffmpeg to hear the rest")


@needs_ffmpeg
@pytest.mark.parametrize("is_quiet_first", [True, False])
def test_an_mp3_of_variable_rate_without_a_header_is_heard_to_its_end(tmp_path, write, is_quiet_first):
    """Its length is guessed from its first frame."""
    parts = [np.zeros(5 * RATE_HZ), np.tile(NOISE, 2)[: 5 * RATE_HZ]]
    wav = write("a.wav", np.concatenate(parts if is_quiet_first else parts[::-1]))
    path = tmp_path / "a.mp3"
    ffmpeg("-i", wav, "-q:a", "0", "-write_xing", "0", "-id3v2_version", "0", path)
    samples, warning = heard(path)
    assert len(samples) / RATE_HZ == pytest.approx(10, abs=0.2)
    assert warning == ""


@pytest.mark.parametrize("riff", [0, 0xFFFF_FFFF, None])
def test_a_wav_that_was_never_finalised_is_read(write, riff):
    path = write("a.wav", NOISE)
    data = bytearray(path.read_bytes())
    data[40:44] = bytes(4)
    data[4:8] = data[4:8] if riff is None else struct.pack("<I", riff)
    path.write_bytes(data)
    samples, warning = heard(path)
    np.testing.assert_allclose(samples[:, 0], NOISE, atol=1 / 2**15)
    assert warning == "heard 3.000 s: truncated, never finalised"


def test_a_wav_without_samples_has_none_though_chunks_follow(write):
    path = write("a.wav", NOISE[:0])
    path.write_bytes(path.read_bytes() + b"LIST" + struct.pack("<I", 6) + b"INFO00")
    with pytest.raises(DecodeError, match="zero samples"):
        decode(path)


def test_a_flac_of_unknown_length_is_read(write):
    path = write("a.flac", NOISE)
    expected, data = decode(path)[0], bytearray(path.read_bytes())
    data[21], data[22:26] = data[21] & 0xF0, bytes(4)
    path.write_bytes(data)
    samples, warning = heard(path)
    np.testing.assert_array_equal(samples, expected)
    assert warning == ""


@pytest.mark.parametrize("share", [0.25, 0.5, 0.77, 0.95])
@pytest.mark.parametrize("kind", ["aiff", "au", "caf", "flac", "mp3", "ogg", "rf64", "w64", "wav"])
def test_a_file_that_is_cut_is_heard_up_to_there(write, kind, share):
    path = write(f"a.{kind}", np.tile(NOISE, 4))
    whole, data = decode(path)[0], path.read_bytes()
    assert heard(path)[1] == ""
    path.write_bytes(data[: int(share * len(data))])
    samples, warning = heard(path)
    np.testing.assert_array_equal(samples, whole[: len(samples)])
    assert share - 0.2 < len(samples) / len(whole) < share + 0.1
    full = " of 12.000" if kind in ("flac", "mp3", "wav") else ""
    assert warning == f"heard {len(samples) / RATE_HZ:.3f}{full} s: truncated"


@pytest.mark.parametrize("kind", ["aiff", "flac", "mp3", "ogg", "wav"])
@pytest.mark.parametrize(
    "junk", [b"TAG" + bytes(125), bytes(100_000), np.random.default_rng(1).bytes(50_000)]
)
def test_what_is_behind_the_sound_does_not_matter(write, kind, junk):
    path = write(f"a.{kind}", NOISE)
    whole, data = decode(path)[0], path.read_bytes()
    path.write_bytes(data + junk)
    samples, warning = heard(path)
    np.testing.assert_array_equal(samples, whole)
    assert warning == ""


def test_a_caf_with_a_chunk_of_absurd_length_is_refused(tmp_path):
    path = tmp_path / "a.caf"
    path.write_bytes(b"caff\0\1\0\0" + b"desc" + (2**63 - 1).to_bytes(8, "big") + bytes(32))
    with pytest.raises(DecodeError, match="expected"):
        decode(path)


def test_a_flac_that_is_broken_inside_is_refused(write):
    path = write("a.flac", np.tile(NOISE, 4))
    data = bytearray(path.read_bytes())
    data[30_000:30_400] = bytes(400)
    path.write_bytes(data)
    with pytest.raises(DecodeError, match="expected intact audio"):
        decode(path)


@needs_ffmpeg
@pytest.mark.parametrize("kind", ["mkv", "mp4"])
def test_of_tracks_side_by_side_the_first_is_heard(tmp_path, write, kind):
    first, second, path = write("a.wav", NOISE[:RATE_HZ]), write("b.wav", NOISE), tmp_path / f"a.{kind}"
    ffmpeg(
        "-i",
        first,
        "-i",
        second,
        "-map",
        "0",
        "-map",
        "1",
        "-c:a",
        "aac",
        "-disposition:a:1",
        "default",
        path,
    )
    samples, warning = heard(path)
    assert len(samples) / RATE_HZ == pytest.approx(1, abs=0.2)
    assert warning == "heard audio stream 1 of 2"


@needs_ffmpeg
def test_an_m4a_that_is_cut_is_heard_up_to_there(tmp_path, write):
    path = tmp_path / "a.m4a"
    ffmpeg("-i", write("a.wav", NOISE), "-c:a", "aac", "-movflags", "faststart", path)
    assert heard(path)[1] == ""
    path.write_bytes(path.read_bytes()[:-8_000])
    samples, warning = heard(path)
    assert warning == f"heard {len(samples) / RATE_HZ:.3f} of 3.000 s: truncated"


@needs_ffmpeg
def test_an_m4a_without_audio_is_refused(tmp_path):
    path = tmp_path / "a.m4a"
    ffmpeg("-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "0", "-c:a", "aac", path)
    with pytest.raises(DecodeError, match="expected"):
        decode(path)


def test_what_is_not_a_file_is_never_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(DecodeError, match="received a named pipe"):
        decode(tmp_path / "pipe.wav")
    with pytest.raises(DecodeError, match="received a device"):
        decode("/dev/zero")
    with socket.socket(socket.AF_UNIX) as there:
        there.bind("socket.wav")
        with pytest.raises(DecodeError, match="received a socket"):
            decode("socket.wav")


def test_a_file_that_grows_while_it_is_read_is_refused(write):
    path = write("a.wav", NOISE)
    sound = FileSound(path)
    blocks = sound.blocks()
    next(blocks)
    with path.open("ab") as file:
        file.write(bytes(1_000))
    with pytest.raises(DecodeError, match="changed while it was read"):
        list(blocks)
    with pytest.raises(DecodeError, match="changed while it was read"):
        list(sound.blocks())  # another pass would be another sound
