"""pydub's `split_on_silence` rule (0.25.1, seek_step 1), vectorised: the same millisecond ranges.

pydub slices the audio anew at every millisecond; here the energy of every millisecond is summed once and
every window's energy is a difference of two cumulative sums.
"""

import numpy as np

from preprocessing.settings import SilenceRule


def sound_ranges_ms(pcm: np.ndarray, rate_hz: int, rule: SilenceRule) -> list[tuple[int, int]]:
    """Ranges that pydub's `split_on_silence` returns, with the kept silence.

    Args:
        pcm: shape (frames,), int16.
        rate_hz: at least 1,000, so that a millisecond holds a sample.
        rule: the rule; its `max_s` plays no part here.

    Returns:
        (start, end) in milliseconds, ascending, not overlapping; [] when all is silent.
    """
    length_ms = _length_ms(len(pcm), rate_hz)
    silences = _silences_ms(pcm, rate_hz, rule, length_ms)
    sounds = _complement(silences, length_ms)
    return _with_kept_silence(sounds, rule.keep_silence_ms, length_ms)


def kept_samples(pcm: np.ndarray, rate_hz: int, rule: SilenceRule) -> list[tuple[int, int]]:
    """The sound ranges as sample ranges of `pcm`.

    A range that ends with the clip ends at its true end: pydub counts in whole milliseconds, so that it
    drops the last samples or pads them with zeros.
    """
    length_ms = _length_ms(len(pcm), rate_hz)
    per_ms = rate_hz / 1000.0
    ranges = sound_ranges_ms(pcm, rate_hz, rule)
    return [(int(a * per_ms), len(pcm) if b == length_ms else int(b * per_ms)) for a, b in ranges]


def join(pcm: np.ndarray, ranges: list[tuple[int, int]]) -> np.ndarray:
    """The sample ranges of `pcm`, one after the other; empty without any."""
    return np.concatenate([pcm[:0], *(pcm[start:end] for start, end in ranges)])


def _length_ms(frames: int, rate_hz: int) -> int:
    return round(1000 * (frames / rate_hz))  # pydub's expression; Python rounds halves to even


def _silences_ms(pcm: np.ndarray, rate_hz: int, rule: SilenceRule, length_ms: int) -> np.ndarray:
    """Silent ranges, shape (n, 2), ascending. They meet unless a gap of more than the minimum parts them."""
    window_ms = rule.min_silence_ms
    if length_ms < window_ms:
        return np.empty((0, 2), np.int64)
    starts = np.flatnonzero(_is_silent(pcm, rate_hz, rule, length_ms))
    if not starts.size:
        return np.empty((0, 2), np.int64)
    breaks = np.flatnonzero(np.diff(starts) > window_ms)
    firsts = starts[np.concatenate([[0], breaks + 1])]
    lasts = starts[np.concatenate([breaks, [starts.size - 1]])]
    return np.stack([firsts, lasts + window_ms], axis=1)


def _is_silent(pcm: np.ndarray, rate_hz: int, rule: SilenceRule, length_ms: int) -> np.ndarray:
    """For each start in milliseconds whether the window of the minimum silence is silent."""
    # Boundaries as pydub's int(ms * (rate / 1000.0)): at 44.1 kHz windows differ by a sample.
    edges = (np.arange(length_ms + 1) * (rate_hz / 1000.0)).astype(np.int64)
    window_ms = rule.min_silence_ms
    energy = np.concatenate([[0], np.cumsum(_energy_per_ms(pcm, edges))])
    sums = energy[window_ms:] - energy[:-window_ms]
    counts = edges[window_ms:] - edges[:-window_ms]
    rms = np.floor(np.sqrt(sums / counts))  # audioop.rms is a whole number
    return rms <= 10 ** (rule.threshold_dbfs / 20) * 32768


def _energy_per_ms(pcm: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Sum of squares of each millisecond, int64; the clip ends in zeros where its length was rounded up."""
    frames = int(edges[-1])
    wide = np.zeros(frames, np.int32)
    wide[: len(pcm)] = pcm[:frames]
    wide *= wide  # in place: a second array would cost more time than the sums
    return np.add.reduceat(wide, edges[:-1], dtype=np.int64)


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
