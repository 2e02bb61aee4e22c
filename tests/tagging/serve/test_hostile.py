"""Uploads that are meant to harm: each gets its status and one line, which knows nothing of the server."""

import io
import resource
import shutil
import struct
import subprocess

import numpy as np
import pytest
import soundfile

from tests.tag_command_helpers import tone

needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
RNG = np.random.default_rng(0)
TONE = (20_000 * tone("low", 1.0, 1)).astype("<i2").tobytes()
HEADERS = {"content-type": "multipart/form-data; boundary=XX"}


def wav(
    data: bytes = TONE, rate: int = 8_000, channels: int = 1, code: int = 1, size: int | None = None
) -> bytes:
    """A WAV of int16, or with code 3 of float32, whose header may lie."""
    size, width = len(data) if size is None else size, 4 if code == 3 else 2
    frame, riff = channels * width & 0xFFFF, min(36 + size, 0xFFFF_FFFF)
    rates = (rate, rate * channels * width & 0xFFFF_FFFF)
    head = struct.pack("<IHHIIHH", 16, code, channels, *rates, frame, 8 * width)
    return b"RIFF" + struct.pack("<I", riff) + b"WAVEfmt " + head + b"data" + struct.pack("<I", size) + data


def encoded(wave: np.ndarray, form: str, rate_hz: int = 8_000) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, wave, rate_hz, format=form)
    return file.getvalue()


def floats(value: float) -> bytes:
    return wav(np.full(8_000, value, "<f4").tobytes(), code=3)


def part(name: bytes, data: bytes) -> bytes:
    return (
        b'--XX\r\nContent-Disposition: form-data; name="file"; filename="'
        + name
        + b'"\r\n\r\n'
        + data
        + b"\r\n"
    )


END = b"--XX--\r\n"
FLAC = encoded(RNG.normal(0, 0.1, 24_000), "FLAC")
SILENT_HOUR = np.zeros(3_600 * 1_000)
BODIES = {
    "nothing": (422, b""),
    "text": (415, b"hello " * 100),
    "a playlist": (415, b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n"),
    "a picture": (415, b"\x89PNG\r\n\x1a\n" + RNG.bytes(1_000)),
    "an array": (415, b"\x93NUMPY\x01\0" + RNG.bytes(1_000)),
    "a packed file": (415, b"\x1f\x8b\x08" + RNG.bytes(1_000)),
    "noise": (415, RNG.bytes(10_000)),
    "half a header": (415, wav()[:20]),
    "no samples": (422, wav(b"")),
    "4 GB by its header": (200, wav(size=0xFFFF_FFFF)),
    "never finalised": (200, wav(size=0)),
    "one sample": (200, wav(TONE[:2])),
    "no rate": (415, wav(rate=0)),
    "a rate of 1 Hz": (415, wav(rate=1)),
    "a rate of 4 GHz": (415, wav(rate=0xFFFF_FFFF)),
    "no channel": (415, wav(channels=0)),
    "65535 channels": (415, wav(channels=65_535)),
    "an unknown code": (415, wav(code=99)),
    "NaN": (415, floats(np.nan)),
    "infinity": (415, floats(np.inf)),
    "integers as floats": (415, floats(3e4)),
    "an hour in a small FLAC": (422, encoded(SILENT_HOUR, "FLAC", 1_000)),
    "an hour in a small Ogg": (422, encoded(SILENT_HOUR[:400_000], "OGG", 8_000)),
    "cut off": (200, FLAC[: len(FLAC) // 2]),
    "broken inside": (415, FLAC[:9_000] + bytes(500) + RNG.bytes(2_000) + FLAC[11_500:]),
    "many streams": (415, b"fLaC\0\0\0\x22" * 100_000),
    "many Ogg streams": (415, b"OggS\0\2" * 100_000),
    "many WAVs": (415, b"RIFF\x04\0\0\0WAVE" * 60_000),
    "many empty chunks": (422, wav()[:36] + b"data\0\0\0\0" * 50_000),
    "too large": (413, bytes(1_000_001)),
}
FORMS = {
    "names that are paths": (200, part(b"../../etc/passwd", wav()) + part(b"/etc/shadow", wav()) + END),
    "names that are not text": (200, part(b"\xff\x1b[31m<script>", wav()) + END),
    "no file": (422, END),
    "an empty file": (422, part(b"", b"") + END),
    "one of two is text": (415, part(b"a.wav", wav()) + part(b"b.wav", b"text") + END),
    "too many files": (400, part(b"a", wav()[:100]) * 4 + END),
    "a field": (400, b'--XX\r\nContent-Disposition: form-data; name="top"\r\n\r\n3\r\n' + END),
    "many fields": (400, b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 9_000 + END),
    "a part without a name": (400, b"--XX\r\nx: y\r\n\r\n" + wav() + b"\r\n" + END),
    "many heads": (400, b"--XX\r\n" + b"x: y\r\n" * 20_000 + b"\r\n" + END),
    "a long head": (400, b"--XX\r\nx: " + b"y" * 500_000 + b"\r\n\r\n" + END),
    "no form": (400, RNG.bytes(10_000)),
    "too large": (413, part(b"a", bytes(1_000_001)) + END),
}


def check(response, status: int, scratch) -> None:
    assert response.status_code == status, response.text
    if status == 200:
        assert all("tags" in record for record in response.json())
        return
    assert list(response.json()) == ["error"]
    assert "\n" not in response.json()["error"]
    assert str(scratch) not in response.text


@pytest.mark.parametrize(("status", "body"), BODIES.values(), ids=BODIES)
def test_bodies(client, scratch, status, body):
    check(client.post("/tag", content=body), status, scratch)


@pytest.mark.parametrize(("status", "body"), FORMS.values(), ids=FORMS)
def test_forms(client, scratch, status, body):
    check(client.post("/tag", content=body, headers=HEADERS), status, scratch)


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=" + "x" * 5_000])
def test_a_form_needs_a_boundary(client, scratch, kind):
    check(client.post("/tag", content=part(b"a", wav()) + END, headers={"content-type": kind}), 400, scratch)


@pytest.mark.parametrize("headers", [{}, HEADERS], ids=["body", "form"])
def test_a_disk_without_room(client, scratch, headers):
    """In place of a full disk, this process may not write so much to a file."""
    upload = part(b"a", wav(bytes(500_000))) + END
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        response = client.post("/tag", content=upload, headers=headers)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    check(response, 507, scratch)
    assert "File too large" in response.json()["error"]


def test_the_file_that_is_refused_is_named(client):
    response = client.post("/tag", content=FORMS["one of two is text"][1], headers=HEADERS)
    assert response.json()["error"].startswith("b.wav: expected audio, received a text file")


@needs_ffmpeg
@pytest.mark.parametrize(
    "text", ["ffconcat version 1.0\n#\xe9\nfile {}\n", "#EXTM3U\n#\xe9\n#EXTINF:1,\n{}\n"]
)
def test_no_other_file_is_read(client, scratch, sounds, text):
    """A Latin-1 letter gets it past the check for text."""
    check(client.post("/tag", content=text.format(sounds["low"]).encode("latin-1")), 415, scratch)


@needs_ffmpeg
def test_hours_that_ffmpeg_decodes(client, scratch, tmp_path):
    path = tmp_path / "long.m4a"
    options = ["-v", "error", "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "60", "-c:a", "aac"]
    subprocess.run(["ffmpeg", *options, path], check=True)  # noqa: S603, S607
    check(client.post("/tag", content=path.read_bytes()), 422, scratch)
