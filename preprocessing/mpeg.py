"""How much an MPEG audio file holds: counted frame by frame, as its header may tell of the first of several streams."""

import struct
from typing import BinaryIO, NamedTuple

from foundation.workers import check_wanted

_KBPS = {  # (is MPEG 1, layer) -> by index
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_SEARCH_BYTES = 2**16


class _Frame(NamedTuple):
    size: int
    seconds: float


def mpeg_seconds(file: BinaryIO) -> float:
    """The sum over all frames; what lies between them, as tags, is passed over."""
    seconds, place = 0.0, 0
    while (start := _next_frame(file, place)) is not None:
        place = start
        while frame := _frame_at(file, place):
            check_wanted()
            seconds += frame.seconds
            place += frame.size
    return seconds


def told_end(file: BinaryIO) -> int | None:
    """Where the stream ends by the header in its first frame; 0: that does not say; None: there is no such header."""
    if (start := _next_frame(file, 0)) is None:
        return None
    file.seek(start)
    data = file.read(64)
    place = max(data.find(tag) for tag in (b"Xing", b"Info"))
    if place < 0:
        return 0 if b"VBRI" in data else None
    flags, *numbers = struct.unpack_from(">3I", data, place + 4)
    return start + numbers[flags & 1] if flags & 2 else 0


def _next_frame(file: BinaryIO, place: int) -> int | None:
    """Where the next two frames in a row begin: fewer may be anything."""
    while True:
        file.seek(place)
        data = file.read(_SEARCH_BYTES)
        found = data.find(b"\xff")
        while found >= 0:
            check_wanted()
            first = _frame_at(file, place + found)
            if first and _frame_at(file, place + found + first.size):
                return place + found
            found = data.find(b"\xff", found + 1)
        if len(data) < _SEARCH_BYTES:
            return None
        place += len(data)


def _frame_at(file: BinaryIO, place: int) -> _Frame | None:
    file.seek(place)
    header = file.read(4)
    return _frame(header) if len(header) == 4 else None


def _frame(header: bytes) -> _Frame | None:
    """Size in bytes and duration of a frame; None: no frame begins so."""
    if header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    index, rate_index, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or layer == 4 or index in (0, 15) or rate_index == 3:
        return None
    is_first = version == 3
    bits_per_s, rate_hz = 1000 * _KBPS[is_first, layer][index], _RATES_HZ[version][rate_index]
    if layer == 1:
        return _Frame((12 * bits_per_s // rate_hz + padding) * 4, 384 / rate_hz)
    samples = 1152 if is_first or layer == 2 else 576
    return _Frame(samples // 8 * bits_per_s // rate_hz + padding, samples / rate_hz)
