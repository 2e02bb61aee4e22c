"""Windows of sound that comes in blocks: the same as `AudioWindows` cuts of a whole clip."""

from collections.abc import Iterable, Iterator

import numpy as np

from preprocessing.errors import DecodeError
from tagging.inference.levels import level_db
from tagging.pipeline.pieces import AudioWindows

BATCH = 32  # windows that a network sees at once: more take memory, and on a CPU no less time
BATCH_VALUES = BATCH * 5 * 16_000  # samples in them, at most, as long windows take more
ALL_SILENCE = "expected sound, received only silence"


Window = tuple[int, int, np.ndarray]
"""First sample, last sample + 1 of the sound, and the window, (length,) int16."""


def cut_windows(blocks: Iterable[np.ndarray], pieces: AudioWindows) -> Iterator[Window]:
    """All windows of a clip.

    They start at 0, hop, 2 hop ..., the last one ends at the clip's end. A clip that is too short is repeated or padded
    as `pieces` says. No more than a window and a block of sound is kept.

    Args:
        blocks: (frames,) int16 each, of one clip.
        pieces: length and hop; what is done with short clips; whether only the first window counts.

    Raises:
        DecodeError: the blocks are empty.
    """
    cutter = WindowCutter(pieces)
    for block in blocks:
        yield from cutter.push(block)
        if pieces.only_first and cutter.start:
            return
    if not cutter.end:
        raise DecodeError(ALL_SILENCE)
    yield cutter.last()


class WindowCutter:
    """Cuts a sound that comes in blocks.

    Attributes:
        start: where the next window begins, unless it is the last.
        end: how many samples there have been.
    """

    def __init__(self, pieces: AudioWindows) -> None:
        self.start, self._pieces = 0, pieces
        self._held, self._first = np.empty(0, np.int16), 0  # what is held begins at sample `_first`

    @property
    def end(self) -> int:
        return self._first + len(self._held)

    def push(self, block: np.ndarray) -> Iterator[Window]:
        """The windows that are complete by now; to be exhausted. The last one comes from `last`."""
        self._held, length = np.concatenate([self._held, block]), self._pieces.length
        while self.start + length < self.end:  # there is more to come behind it: it is not the last
            yield self.start, self.start + length, self._from(self.start)[:length]
            self.start += self._pieces.hop
            if self._pieces.only_first:
                return
        first = max(min(self.start, self.end - length), self._first)
        self._held, self._first = self._from(first), first

    def last(self) -> Window:
        """The window that ends with the sound, which is at least a sample long."""
        start = max(self.end - self._pieces.length, 0)
        return start, self.end, _filled(self._from(start), self._pieces)

    def _from(self, sample: int) -> np.ndarray:
        return self._held[sample - self._first :]


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


def batches(windows: Iterable[Window], size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
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
