"""pydub's `split_on_silence` rule (0.25.1, seek_step 1), vectorised: the same millisecond ranges.

pydub slices the audio again at every millisecond; here the energy of every millisecond is summed once and
every window's energy is a difference of two cumulative sums. Audio may come in blocks: of hours only 8 bytes a
millisecond are kept.
"""

from collections.abc import Iterable

import numpy as np

from preprocessing.settings import SilenceRule

_STARTS = 60_000  # windows, a millisecond apart, that are looked at together


def sound_ranges_ms(pcm: np.ndarray, rate_hz: int, rule: SilenceRule) -> list[tuple[int, int]]:
    """Ranges that pydub's `split_on_silence` returns, with the kept silence.

    Args:
        pcm: shape (frames,), int16.
        rate_hz: at least 1,000, so that a millisecond holds a sample.
        rule: the rule; its `max_s` plays no part here.

    Returns:
        (start, end) in milliseconds, ascending, not overlapping; [] when all is silent.
    """
    return _sound_ranges(energy_per_ms([pcm], rate_hz)[0], rate_hz, rule)


def kept_ranges(energy: np.ndarray, frames: int, rate_hz: int, rule: SilenceRule) -> list[tuple[int, int]]:
    """The sound ranges as sample ranges of a clip.

    A range that ends with the clip ends at its true end: pydub counts in whole milliseconds, so that it
    drops the last samples or pads them with zeros.

    Args:
        energy, frames: of the clip, from `energy_per_ms`.
        rate_hz, rule: as in `sound_ranges_ms`.
    """
    per_ms = rate_hz / 1000.0
    ranges = _sound_ranges(energy, rate_hz, rule)
    return [(int(a * per_ms), frames if b == len(energy) else int(b * per_ms)) for a, b in ranges]


def energy_per_ms(blocks: Iterable[np.ndarray], rate_hz: int) -> tuple[np.ndarray, int]:
    """Sum of squares of each millisecond, (milliseconds,) int64, and the number of samples.

    The last millisecond ends in zeros where the length was rounded up.

    Args:
        blocks: of one clip, (frames,) int16 each.
        rate_hz: as in `sound_ranges_ms`.
    """
    sums, done_ms, first, rest = bytearray(), 0, 0, np.empty(0, np.int32)  # `rest` begins at sample `first`
    for block in blocks:
        rest = np.concatenate([rest, np.asarray(block, np.int32)])
        edges = _edges(done_ms, int((first + len(rest)) * 1000 / rate_hz) + 2, rate_hz) - first
        whole = int(np.searchsorted(edges, len(rest), side="right")) - 1
        sums += _sums(rest, edges[: whole + 1]).tobytes()
        rest, first, done_ms = rest[edges[whole] :], first + int(edges[whole]), done_ms + whole
    frames = first + len(rest)
    sums += np.square(rest.astype(np.int64)).sum().tobytes()
    return np.frombuffer(sums, np.int64)[: _length_ms(frames, rate_hz)], frames


def _length_ms(frames: int, rate_hz: int) -> int:
    return round(1000 * (frames / rate_hz))  # pydub's expression; Python rounds halves to even


def _edges(start_ms: int, end_ms: int, rate_hz: int) -> np.ndarray:
    """First samples of milliseconds, `end_ms` included.

    As pydub's int(ms * (rate / 1000.0)): at 44.1 kHz milliseconds differ by a sample.
    """
    return (np.arange(start_ms, end_ms + 1) * (rate_hz / 1000.0)).astype(np.int64)


def _sums(samples: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Sums of squares from each edge to the next, int64; the samples up to the last edge are squared."""
    if len(edges) < 2:
        return np.empty(0, np.int64)
    wide = samples[: edges[-1]]
    wide *= wide  # in place: a second array would cost more time than the sums
    return np.add.reduceat(wide, edges[:-1], dtype=np.int64)


def _sound_ranges(energy: np.ndarray, rate_hz: int, rule: SilenceRule) -> list[tuple[int, int]]:
    silences = _silences_ms(energy, rate_hz, rule)
    return _with_kept_silence(_complement(silences, len(energy)), rule.keep_silence_ms, len(energy))


def _silences_ms(energy: np.ndarray, rate_hz: int, rule: SilenceRule) -> np.ndarray:
    """Silent ranges, shape (n, 2), ascending. They meet unless a gap of more than the minimum parts them."""
    window_ms = rule.min_silence_ms
    if len(energy) < window_ms:
        return np.empty((0, 2), np.int64)
    silent = np.zeros(len(energy) - window_ms + 3, bool)  # with one that is not at either end
    for start in range(0, len(silent) - 2, _STARTS):
        part = _is_silent(energy[start : start + _STARTS + window_ms - 1], start, rate_hz, rule)
        silent[start + 1 : start + 1 + len(part)] = part
    changes = np.flatnonzero(silent[1:] != silent[:-1])
    if not len(changes):
        return np.empty((0, 2), np.int64)
    firsts, lasts = changes[::2], changes[1::2] - 1  # starts of windows
    apart = firsts[1:] - lasts[:-1] > window_ms
    return np.stack([firsts[np.append(True, apart)], lasts[np.append(apart, True)] + window_ms], axis=1)


def _is_silent(energy: np.ndarray, first_ms: int, rate_hz: int, rule: SilenceRule) -> np.ndarray:
    """For each start whether the window of the minimum silence is silent; `energy` begins at `first_ms`."""
    window_ms = rule.min_silence_ms
    edges = _edges(first_ms, first_ms + len(energy), rate_hz)
    sums = np.concatenate([[0], np.cumsum(energy)])
    counts = edges[window_ms:] - edges[:-window_ms]
    rms = np.floor(np.sqrt((sums[window_ms:] - sums[:-window_ms]) / counts))  # audioop.rms is a whole number
    return rms <= 10 ** (rule.threshold_dbfs / 20) * 32768


def _complement(silences: np.ndarray, length_ms: int) -> list[tuple[int, int]]:
    if not len(silences):
        return [(0, length_ms)]
    starts = [0, *silences[:, 1].tolist()]
    ends = [*silences[:, 0].tolist(), length_ms]
    return [(start, end) for start, end in zip(starts, ends, strict=True) if start < end]


def _with_kept_silence(sounds: list[tuple[int, int]], keep_ms: int, length_ms: int) -> list[tuple[int, int]]:
    """Widens each sound; where two would overlap, they meet in the middle of their silence."""
    starts = [start - keep_ms for start, _ in sounds]
    ends = [end + keep_ms for _, end in sounds]
    for i in range(len(sounds) - 1):
        if starts[i + 1] < ends[i]:
            starts[i + 1] = ends[i] = (ends[i] + starts[i + 1]) // 2
    return [(max(start, 0), min(end, length_ms)) for start, end in zip(starts, ends, strict=True)]
