"""A folder of awkward files, always the same: all formats, damaged in many ways, and names and kinds of their own."""

import io
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile as sf

RATES_HZ = (1_000, 7_999, 8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000)
FOREIGN = "../foreign.wav"
"""What playlists in the corpus name: nothing of it may be heard."""
_ENDINGS = {
    "WAVEX": "wav",
    "RF64": "wav",
    "IRCAM": "sf",
    "MAT4": "mat",
    "MAT5": "mat",
    "NIST": "sph",
    "MPC2K": "snd",
}
_BASES = {  # files to damage: name -> (format, subtype)
    "wav16": ("WAV", "PCM_16"),
    "wav24": ("WAV", "PCM_24"),
    "float": ("WAV", "FLOAT"),
    "adpcm": ("WAV", "IMA_ADPCM"),
    "aiff": ("AIFF", "PCM_16"),
    "au": ("AU", "PCM_16"),
    "caf": ("CAF", "PCM_16"),
    "flac": ("FLAC", "PCM_16"),
    "vorbis": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "rf64": ("RF64", "PCM_16"),
    "w64": ("W64", "PCM_16"),
    "voc": ("VOC", "PCM_16"),
}
_BY_FFMPEG = {
    "m4a": ("-c:a", "aac"),
    "aac": ("-c:a", "aac"),
    "mp4": ("-c:a", "aac"),
    "mkv": ("-c:a", "flac"),
    "webm": ("-c:a", "libopus"),
    "wma": ("-c:a", "wmav2"),
    "ac3": ("-c:a", "ac3"),
    "mp2": ("-c:a", "mp2"),
    "tta": ("-c:a", "tta"),
    "wv": ("-c:a", "wavpack"),
}
_NAMES = (
    b"new\nline.wav",
    b"Icon\r",
    b"Icon\r.wav",
    b"tab\t.wav",
    b"caf\xe9.wav",
    b"caf\xe9",
    b"\xff\xfe.flac",
    "鳥 🐦🔊.wav".encode(),
    "trébol.wav".encode(),
    "tre\u0301bol2.wav".encode(),
    b"x" * 246 + b".wav",
    "é".encode() * 123 + b".wav",
    b"-rf.wav",
    b"--jobs",
    b"quo\"te's.wav",
    b"com,ma;semi.wav",
    b"back\\slash.wav",
    b"~.wav",
    b"~root",
    b"%d %s %E9.wav",
    b"\x1b[31mred\x1b[0m.wav",
    "\u202egnp.wav".encode(),
    b"UPPER.WAV",
    b"space .wav ",
    b" lead.wav",
    b"no ending",
    b"dots...wav",
    b"a.b.c.flac",
    b"con",
    b"NUL.wav",
    b"=1+1.wav",
    b"{brace}$HOME`x`.wav",
    b"a*b?.wav",
    b"[0].wav",
    b"wrong.mp3",
    b"wrong.flac",
    b"label",
    b"nan",
    b"1e5",
)


def make_corpus(folder: Path, seed: int = 0) -> list[Path]:
    """Fill `folder` with two folders of files, which can be classes; all that a command has to account for.

    Args:
        folder: must not exist.
        seed: of the sounds and of the damage.
    """
    rng = np.random.default_rng(seed)
    homes = [folder / "one", folder / "two"]
    for home in homes:
        home.mkdir(parents=True)
    made: list[Path] = []
    for number, (name, content) in enumerate(_contents(rng)):
        path = homes[number % 2] / f"{number:03}-{name}"
        path.write_bytes(content)
        made.append(path)
    plain = _written(_sound(rng, 8_000, 0.3, 1), 8_000, "WAV", "PCM_16")
    for number, name in enumerate(_NAMES):
        path = homes[number % 2] / os.fsdecode(name)
        path.write_bytes(plain)
        made.append(path)
    for name in (b"bad\r.wav", b"bad\nline.flac", b"bad\xe9.ogg", b'bad,"".mp3'):
        made.append(homes[0] / os.fsdecode(name))
        made[-1].write_bytes(b"no sound")
    (folder.parent / "foreign.wav").write_bytes(plain)
    return made + _special(homes, plain)


def _contents(rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    yield from _formats(rng)
    bases = {name: _written(_sound(rng, 8_000, 0.2, 1), 8_000, *kind) for name, kind in _BASES.items()}
    bases |= _by_ffmpeg(_written(_sound(rng, 8_000, 0.2, 1), 8_000, "WAV", "PCM_16"))
    for name, content in bases.items():
        yield from ((f"{damage}.{name}.{_ending(name)}", data) for damage, data in _damaged(content, rng))
    names = list(bases)
    for first, second in pairwise(names):
        yield f"{first}-then-{second}.{_ending(first)}", bases[first] + bases[second]
    yield from _odd_sounds(rng)
    yield from _no_sounds(rng)


def _ending(name: str) -> str:
    return _BASES[name][0].lower() if name in _BASES else name


def _sound(rng: np.random.Generator, rate_hz: int, seconds: float, channels: int) -> np.ndarray:
    time_s = np.arange(max(round(rate_hz * seconds), 1))[:, None] / rate_hz
    tone = 0.4 * np.sin(2 * np.pi * rng.uniform(100, 400, channels) * time_s)
    return tone + rng.normal(0, 0.02, tone.shape)


def _written(samples: np.ndarray, rate_hz: int, kind: str, subtype: str) -> bytes:
    buffer = io.BytesIO()
    sf.write(buffer, samples, rate_hz, format=kind, subtype=subtype)
    return buffer.getvalue()


def _formats(rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    """Every format and encoding that libsndfile writes, at changing rates and numbers of channels."""
    number = 0
    for kind in sorted(set(sf.available_formats()) - {"RAW", "SD2"}):
        for subtype in sorted(sf.available_subtypes(kind)):
            number += 1
            for rate_hz, channels in ((RATES_HZ[number % 10], 1 + number % 8), (8_000, 1)):
                try:
                    content = _written(_sound(rng, rate_hz, 0.1, channels), rate_hz, kind, subtype)
                except (sf.LibsndfileError, ValueError):  # not of this format
                    continue
                yield f"{subtype}-{rate_hz}-{channels}.{_ENDINGS.get(kind, kind.lower())}", content
                break


def _by_ffmpeg(wav: bytes) -> dict[str, bytes]:
    """The same sound in formats that only ffmpeg writes; those that this one cannot write are left out."""
    made = {}
    for ending, codec in _BY_FFMPEG.items():
        muxer = {"m4a": "ipod", "aac": "adts", "mkv": "matroska", "wma": "asf"}.get(ending, ending)
        fragmented = ("-movflags", "frag_keyframe+empty_moov") if muxer in ("ipod", "mp4") else ()
        command = ["ffmpeg", "-v", "error", "-f", "wav", "-i", "-", *codec, *fragmented, "-f", muxer, "-"]
        try:
            done = subprocess.run(command, input=wav, capture_output=True, check=False)  # noqa: S603
        except FileNotFoundError:
            return made
        if done.stdout:
            made[ending] = done.stdout
    return made


def _damaged(content: bytes, rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    size = len(content)
    yield "whole", content
    for end in (4, 43, size // 2):
        yield f"cut{end}", content[:end]
    yield "twice", content + content
    yield "zeros", bytes(44) + content[44:]
    yield "tail", content + bytes(rng.integers(0, 256, 100, np.uint8))
    yield "head", bytes(rng.integers(0, 256, 100, np.uint8)) + content
    for number, reach in enumerate((64, 256, size)):
        data = bytearray(content)
        for place in rng.integers(0, min(reach, size), 3):
            data[place] ^= int(rng.integers(1, 256))
        yield f"flipped{number}", bytes(data)


def _odd_sounds(rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    tone = _sound(rng, 16_000, 0.3, 1)
    wav: Callable[..., bytes] = lambda samples, subtype="PCM_16": _written(samples, 16_000, "WAV", subtype)  # noqa: E731
    yield "opposite.wav", wav(np.hstack([tone, -tone]))
    yield "integer-scale.wav", wav(tone * 30_000, "FLOAT")
    yield "loud.wav", wav(tone * 10, "FLOAT")
    for value in (np.nan, np.inf, -np.inf, 1e30):
        samples = tone.copy()
        samples[100] = value
        yield f"has {value}.wav", wav(samples, "DOUBLE")
    yield "all nan.wav", wav(np.full((800, 2), np.nan), "FLOAT")
    yield "one sample.wav", wav(tone[:1])
    yield "two samples.flac", _written(tone[:2], 16_000, "FLAC", "PCM_16")
    yield "no samples.wav", wav(tone[:0])
    yield "silence.wav", wav(np.zeros((8_000, 1)))
    yield "constant.wav", wav(np.ones((8_000, 1)))
    whole = wav(tone)
    for size in (b"\0\0\0\0", b"\xff" * 4, b"\xff\xff\xff\x7f"):
        yield f"size {size.hex()}.wav", whole[:40] + size + whole[44:]
        yield f"riff {size.hex()}.wav", whole[:4] + size + whole[8:]
    for name, place, value in (("rate", 24, 0), ("rate", 24, 2**31), ("channels", 22, 0), ("bits", 34, 0)):
        data = bytearray(whole)
        data[place : place + 2] = (value & 0xFFFF).to_bytes(2, "little")
        yield f"{name} {value}.wav", bytes(data)


def _no_sounds(rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    yield "empty.wav", b""
    yield "empty.flac", b""
    yield "text.wav", b"no sound at all\n"
    yield "page.mp3", b"<!DOCTYPE html><html><body>404</body></html>"
    yield "json.ogg", b'{"error": "not found"}'
    yield "list.wav", f"#EXTM3U\n#EXTINF:10,Caf\xe9\n{FOREIGN}\n".encode("latin-1")
    yield (
        "hls.wav",
        f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{FOREIGN}\n#EXT-X-ENDLIST\xff\n".encode("latin-1"),
    )
    yield "concat.wav", f"ffconcat version 1.0\nfile '{FOREIGN}'\n# \xe9\n".encode("latin-1")
    yield "playlist.mp3", f"[playlist]\nFile1={FOREIGN}\n\xe9".encode("latin-1")
    yield "image.wav", b"\x89PNG\r\n\x1a\n" + bytes(200)
    yield "archive.wav", b"PK\x03\x04" + bytes(200)
    yield "gzip.wav", b"\x1f\x8b" + bytes(200)
    yield "array.wav", b"\x93NUMPY" + bytes(200)
    yield "hdf5.wav", b"\x89HDF\r\n\x1a\n" + bytes(200)
    yield "zeros.wav", bytes(4_000)
    for number in range(4):
        yield f"random{number}.wav", bytes(rng.integers(0, 256, 4_000, np.uint8))


def _special(homes: list[Path], plain: bytes) -> list[Path]:
    """What is not a plain file, and files in folders; of hidden ones nothing is expected."""
    one, two = homes
    os.mkfifo(one / "pipe.wav")
    (one / "dangling.wav").symlink_to("nowhere.wav")
    (two / "circle.wav").symlink_to("circle.wav")
    listener = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    try:
        os.chdir(two)  # a socket's path has at most 107 bytes
        listener.bind("socket.wav")
    finally:
        os.chdir(here)
        listener.close()
    outside = one.parent.parent / "outside"
    for inside in (outside, two / "deep" / "deeper", one / "folder.wav", two / "empty.wav", one / ".hidden"):
        inside.mkdir(parents=True)
    for path in (
        outside / "linked.wav",
        two / "deep" / "deeper" / "deep.wav",
        one / "folder.wav" / "inner.wav",
    ):
        path.write_bytes(plain)
    (one / ".hidden" / "never.wav").write_bytes(plain)
    (two / ".hidden.wav").write_bytes(plain)
    (two / "linked folder").symlink_to(outside)
    (outside / "back").symlink_to(outside)
    (one / "link.wav").symlink_to(two / "UPPER.WAV")
    return [
        one / "pipe.wav",
        one / "dangling.wav",
        two / "circle.wav",
        two / "socket.wav",
        two / "deep" / "deeper" / "deep.wav",
        one / "folder.wav" / "inner.wav",
        two / "linked folder" / "linked.wav",
        one / "link.wav",
    ]
