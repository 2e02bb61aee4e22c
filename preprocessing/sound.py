"""Audio in blocks: what is the same for files and for samples in memory."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np

from preprocessing.decode import check_waveform
from preprocessing.errors import NoSoundError
from preprocessing.mono import Levels, to_mono

BLOCK_FRAMES = 2**17


class Sound(ABC):
    """Audio that can be gone through more than once.

    Attributes:
        channel: the one that is heard in place of the mean of all, where that would be next to nothing; None: the mean.
    """

    channel: int | None = None
    is_decided = False  # whether `channel` is known

    @abstractmethod
    def blocks(self) -> Iterator[tuple[np.ndarray, int]]:
        """(block (frames, channels) float32, rate in Hz), at least one; the rate and the channels stay.

        Raises:
            DecodeError: not usable sound; it may come after some blocks.
        """

    def decide(self, levels: Levels) -> None:
        """Set `channel` by the levels of all blocks."""
        self.channel, self.is_decided = levels.channel, True

    def look_ahead(self) -> None:
        """Go through the sound, if nobody has, to set `channel`; errors are those of `blocks`."""
        if not self.is_decided:
            levels = Levels()
            for block, _ in self.blocks():
                levels.add(block, to_mono(block))
            self.decide(levels)


def checked_blocks(blocks: Iterator[tuple[np.ndarray, int]]) -> Iterator[tuple[np.ndarray, int]]:
    """The same blocks, see `Sound.blocks`; raises DecodeError for what is not sound, or if there are no blocks."""
    is_empty = True
    for block, rate_hz in blocks:
        check_waveform(block, rate_hz)
        yield block, rate_hz
        is_empty = False
    if is_empty:
        raise NoSoundError("expected sound, received zero samples")
