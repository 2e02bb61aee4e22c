"""Windows of sound that comes in blocks: the same as `AudioWindows` cuts of a whole clip."""

from collections.abc import Iterable, Iterator

import numpy as np

from preprocessing.errors import DecodeError
from tagging.inference.levels import level_db
from tagging.pipeline.pieces import AudioWindows

BATCH = 32  # windows that a network sees at once: more take memory, and on a CPU no less time
BATCH_VALUES = BATCH * 5 * 16_000  # samples in them, at most, as long windows take more
ALL_SILENCE = "expected sound, received only silence"


def cut_windows(blocks: Iterable[np.ndarray], pieces: AudioWindows) -> Iterator[tuple[int, int, np.ndarray]]:
    """(first sample, last sample + 1 of the sound, window (length,) int16) of all windows of a clip.

    They start at 0, hop, 2 hop ..., the last one ends at the clip's end. A clip that is too short is repeated or padded
    as `pieces` says. No more than a window and a block of sound is kept.

    Args:
        blocks: (frames,) int16 each, of one clip.
        pieces: length and hop; what is done with short clips; whether only the first window counts.

    Raises:
        DecodeError: the blocks are empty.
    """
    length, start, first, held = pieces.length, 0, 0, np.empty(0, np.int16)  # `held` begins at sample `first`
    for block in blocks:
        held = np.concatenate([held, block])
        while start + length < first + len(held):  # there is more to come behind it: it is not the last
            yield start, start + length, held[start - first : start - first + length]
            if pieces.only_first:
                return
            start += pieces.hop
        done = max(min(start, first + len(held) - length) - first, 0)
        held, first = held[done:], first + done
    end = first + len(held)
    if not end:
        raise DecodeError(ALL_SILENCE)
    start = max(end - length, 0)
    yield start, end, _filled(held[start - first :], pieces)


def _filled(clip: np.ndarray, pieces: AudioWindows) -> np.ndarray:
    if pieces.short == "pad":
        return np.pad(clip, (0, pieces.length - len(clip)))
    return np.resize(clip, pieces.length)  # repeats it


def levels_db(spans: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """(windows,) RMS in dB of full scale, of the sound alone: what fills up a short clip does not count."""
    pairs = zip(np.diff(spans).ravel(), windows, strict=True)
    return np.array([level_db(window[:length]) for length, window in pairs])


def batch_size(values: int) -> int:
    """How many windows (or pieces of features) of so many values a network sees at once."""
    return max(1, min(BATCH, BATCH_VALUES // values))


def batches(
    windows: Iterable[tuple[int, int, np.ndarray]], size: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """((windows, 2) first sample and last + 1, (windows, length) int16) of up to `size` windows."""
    spans, samples = [], []
    for start, end, window in windows:
        spans.append((start, end))
        samples.append(window)
        if len(spans) == size:
            yield np.array(spans), np.stack(samples)
            spans, samples = [], []
    if spans:
        yield np.array(spans), np.stack(samples)
