"""Where the streams of an audio file begin and end: files put together with `cat` are heard to their last end."""

import io
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from foundation.workers import check_wanted
from preprocessing.errors import DecodeError

STREAMED_BYTES = 0x7FFF_0000  # programs that write WAV to a pipe put a size near 2 or 4 GiB into the header
_UNTIL_THE_END = b"\xff" * 4  # as they do; libsndfile then reads as far as the file goes
_FLAC_START = b"fLaC\0\0\0\x22"  # the magic and the head of the first block, which has a fixed size
_OGG_START, _OGG_PAGE, _OGG_LAST = b"OggS\0\x02", b"OggS", 4
_BLOCK_BYTES = 2**20
_MOST_PARTS = 10_000  # a file with more is not a recording, and would fill the memory
_OGG_PAGE_BYTES = 27 + 255 + 255 * 255  # at most


@dataclass(frozen=True)
class Part:
    """The bytes `start` to `end` of a file, which are a file of their own.

    Attributes:
        share: how much of what its header promises is there; 1 where that is all, or not known.
        size_at: where in the part the size of a WAV that was never finalised should be; 0 for any other.
        has_end: whether the file goes as far as it should, where that is known.
    """

    start: int
    end: int
    share: float = 1.0
    size_at: int = 0
    has_end: bool = True

    def is_whole(self, size: int) -> bool:
        """Whether it is a file of `size` bytes as it is."""
        return (self.start, self.end, self.size_at) == (0, size, 0)


class PartView(io.RawIOBase):
    """A part as a file to read; it takes no notice of what is appended to the file meanwhile."""

    def __init__(self, file: BinaryIO, part: Part) -> None:
        self._file, self._part, self._position = file, part, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = (0, self._position, self._size)[whence]
        self._position = max(base + offset, 0)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]  # what is written to, of any kind
        view = memoryview(buffer).cast("B")
        self._file.seek(self._part.start + self._position)
        data = self._file.read(max(min(len(view), self._size - self._position), 0))
        view[: len(data)] = self._patched(data)
        self._position += len(data)
        return len(data)

    def is_read(self) -> bool:
        """Whether all of it has been read."""
        return self._position >= self._size

    @property
    def _size(self) -> int:
        return self._part.end - self._part.start

    def _patched(self, data: bytes) -> bytes:
        first = self._part.size_at - self._position
        if not self._part.size_at or not -4 < first < len(data):
            return data
        patch = _UNTIL_THE_END[max(-first, 0) : len(data) - first]
        return data[: max(first, 0)] + patch + data[max(first, 0) + len(patch) :]


def find_parts(file: BinaryIO, head: bytes, size: int) -> list[Part]:
    """The parts of a file that begins with `head`: Ogg, FLAC and WAV may have several, one after the other.

    Raises:
        DecodeError: too many of them.
    """
    if head.startswith(_OGG_PAGE):
        return _ogg_parts(file, size)
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return _wav_parts(file, size)
    if head.startswith((b"fLaC", b"ID3")):
        return _split([0, *_places(file, _FLAC_START)[1:]], size)
    return [Part(0, size, has_end=_declared_bytes(file, head, size) <= size)]


def _declared_bytes(file: BinaryIO, head: bytes, size: int) -> int:
    """Up to where a file goes by its header; 0 where it does not tell."""
    if head.startswith(b"FORM"):
        return 8 + int.from_bytes(head[4:8], "big")
    if head.startswith(b".snd") and head[8:12] != _UNTIL_THE_END:
        return int.from_bytes(head[4:8], "big") + int.from_bytes(head[8:12], "big")
    if head.startswith(b"riff"):
        return int.from_bytes(head[16:24], "little")
    if head.startswith(b"RF64") and head[12:16] == b"ds64":
        return 8 + int.from_bytes(head[20:28], "little")
    return _declared_caf_bytes(file, size) if head.startswith(b"caff") else 0


def _declared_caf_bytes(file: BinaryIO, size: int) -> int:
    place, chunk = 8, b"caff"
    while place <= size and chunk[:4].isalpha() and not chunk.startswith(b"data"):
        file.seek(place)
        chunk = file.read(12)
        place += 12 + max(int.from_bytes(chunk[4:], "big", signed=True), 0)
    return place if chunk.startswith(b"data") else 0


def _split(starts: list[int], size: int) -> list[Part]:
    return [Part(start, end) for start, end in pairwise([*starts, size])]


def _ogg_parts(file: BinaryIO, size: int) -> list[Part]:
    """A first page that follows another at once belongs to a second track, as pictures do; else a stream begins."""
    starts, end_of_first = [], -1
    for place in _places(file, _OGG_START):
        if place != end_of_first:
            starts.append(place)
        end_of_first = place + _ogg_page_bytes(file, place)
    *before, last = _split([0, *starts[1:]], size)
    return [*before, Part(last.start, last.end, has_end=_has_last_page(file, size))]


def _ogg_page_bytes(file: BinaryIO, place: int) -> int:
    file.seek(place)
    header = file.read(27)
    return 27 + header[26] + sum(file.read(header[26])) if len(header) == 27 else len(header)


def _has_last_page(file: BinaryIO, size: int) -> bool:
    start = max(size - _OGG_PAGE_BYTES, 0)
    file.seek(start)
    end = file.read()
    place = end.rfind(_OGG_PAGE)
    if place < 0:  # something else follows
        return True
    flags = end[place + 5 : place + 6]
    return (
        bool(flags and flags[0] & _OGG_LAST) and start + place + _ogg_page_bytes(file, start + place) <= size
    )


def _wav_parts(file: BinaryIO, size: int) -> list[Part]:
    parts, start, share, are_chunks = [], 0, 1.0, False
    for name, place, length in _chunks(file, 12, size):
        if name == b"RIFF":
            parts.append(Part(start, place, share))
            _check_number(parts)
            start, share = place, 1.0
        elif name == b"data" and length == 0 and not are_chunks:
            are_chunks = _are_chunks(file, place + 8, size)  # then to the end of the file
            if not are_chunks:
                return [*parts, Part(start, size, size_at=place + 4 - start)]
        elif name == b"data" and length < STREAMED_BYTES:
            present = size - place - 8
            share = present / length if 0 < present < length else 1.0
    return [*parts, Part(start, size, share)]


def _chunks(file: BinaryIO, place: int, size: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, place, length of the content) of the chunks of RIFF files; of a further RIFF chunk those inside too."""
    while place + 8 <= size:
        file.seek(place)
        name, length = struct.unpack("<4sI", file.read(8))
        form = file.read(4)
        if (name == b"RIFF" and form != b"WAVE") or not name.decode("ascii", "replace").isprintable():
            return
        yield name, place, length
        check_wanted()
        place += 12 if name == b"RIFF" else 8 + length + length % 2


def _are_chunks(file: BinaryIO, place: int, size: int) -> bool:
    """Whether the rest of a file is chunks, one after the other, and not samples."""
    end = place
    for _, start, length in _chunks(file, place, size):
        end = start + 8 + length
    return size - end in (0, -1, 1)


def _places(file: BinaryIO, words: bytes) -> list[int]:
    """Where a file has these bytes."""
    found, first, held = [], 0, b""
    file.seek(0)
    while block := file.read(_BLOCK_BYTES):
        data = held + block
        place = data.find(words)
        while place >= 0:
            found.append(first + place)
            _check_number(found)
            place = data.find(words, place + 1)
        held = data[-len(words) + 1 :]
        first += len(data) - len(held)
    return found


def _check_number(parts: Sequence[object]) -> None:
    if len(parts) > _MOST_PARTS:
        raise DecodeError(f"expected one recording, received more than {_MOST_PARTS} that were joined")
