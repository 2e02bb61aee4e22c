"""Windows of sound that comes in blocks: the same as `AudioWindows` cuts of a whole clip.

There are two definitions, which a test holds together. `AudioWindows` cuts whole clips in TensorFlow's graph, where
training and prediction read many in parallel. Here the length of the sound is known only at its end, so that starts
cannot be listed first, and no more than a window of it is kept; a graph would have to be called for each block.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from preprocessing.errors import NoSoundError
from tagging.pipeline.pieces import AudioWindows

ALL_SILENCE = "expected sound, received only silence"

Window = tuple[int, int, np.ndarray]
"""First sample, last sample + 1 of the sound, and the window, (length,) int16."""


def cut_windows(blocks: Iterable[np.ndarray], pieces: AudioWindows, margin: int = 0) -> Iterator[Window]:
    """All windows of a clip.

    They start at 0, hop, 2 hop ..., the last one ends at the clip's end. A clip that is too short is repeated or padded
    as `pieces` says. No more than a window and a block of sound is kept.

    Args:
        blocks: (frames,) int16 each, of one clip.
        pieces: length and hop; what is done with short clips; whether only the first window counts.
        margin: samples of silence before and behind the clip, which starts and ends include.

    Raises:
        NoSoundError: the blocks are empty.
    """
    cutter = WindowCutter(pieces, margin)
    for block in blocks:
        yield from cutter.push(block)
        if pieces.only_first and cutter.start:
            return
    if cutter.is_empty:
        raise NoSoundError(ALL_SILENCE)
    yield from cutter.close()


class WindowCutter:
    """Cuts a sound that comes in blocks; arguments as in `cut_windows`.

    Attributes:
        start: where the next window begins, unless it is the last.
        end: how many samples there have been, with the margin before them.
    """

    def __init__(self, pieces: AudioWindows, margin: int = 0) -> None:
        self.start, self._pieces, self._margin = 0, pieces, np.zeros(margin, np.int16)
        self._held, self._first = self._margin, 0  # what is held begins at sample `_first`

    @property
    def end(self) -> int:
        return self._first + len(self._held)

    @property
    def is_empty(self) -> bool:
        """Whether there has been no sound yet."""
        return self.end == len(self._margin)

    def push(self, block: np.ndarray) -> Iterator[Window]:
        """The windows that are complete by now; to be exhausted. The last ones come from `close`."""
        self._held, length = np.concatenate([self._held, block]), self._pieces.length
        while self.start + length < self.end:  # there is more to come behind it: it is not the last
            yield self.start, self.start + length, self._from(self.start)[:length]
            self.start += self._pieces.hop
            if self._pieces.only_first:
                return
        first = max(min(self.start, self.end - length), self._first)
        self._held, self._first = self._from(first), first

    def close(self) -> Iterator[Window]:
        """What is left of a sound of at least a sample; the last window ends with it (and its margin)."""
        yield from self.push(self._margin)
        start = max(self.end - self._pieces.length, 0)
        yield start, self.end, _filled(self._from(start), self._pieces)

    def _from(self, sample: int) -> np.ndarray:
        return self._held[sample - self._first :]


def _filled(clip: np.ndarray, pieces: AudioWindows) -> np.ndarray:
    if pieces.short == "pad":
        return np.pad(clip, (0, pieces.length - len(clip)))
    return np.resize(clip, pieces.length)  # repeats it
