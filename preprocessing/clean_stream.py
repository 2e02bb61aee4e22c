"""The cleaning chain on sound in blocks: what `clean_waveform` makes of a clip, at any length."""

from collections.abc import Iterable, Iterator

import numpy as np

from preprocessing.chain import choose_kept
from preprocessing.settings import CleaningSettings, rule_for
from preprocessing.silence import energy_per_ms
from preprocessing.stream import PcmStream, Sound

_HELD_S = 600.0  # clean audio up to this length is decoded once and stays in memory


class CleanStream:
    """A clip after cleaning, as blocks (frames,) int16; it can be gone through more than once.

    Clips of more than ten minutes are decoded again each time: once to find the silence, and once for every use.

    Args:
        sound: the raw clip.
        settings: rate, and whether silence goes.
        split: whose silence rules are used.

    Raises:
        DecodeError: sound that cannot be used; also when it is gone through.
    """

    def __init__(self, sound: Sound, settings: CleaningSettings, split: str) -> None:
        self._sound, self._settings = sound, settings
        self._held: list[np.ndarray] | None = []
        stream = PcmStream(sound, settings.rate_hz)
        if settings.remove_silence:
            energy, frames = energy_per_ms(self._hold(stream), settings.rate_hz)
            rule = rule_for(settings.rules_for(split), stream.seconds)
            self._kept, _ = choose_kept(energy, frames, rule, settings)
        else:
            self._kept = [(0, sum(map(len, self._hold(stream))))]

    def __iter__(self) -> Iterator[np.ndarray]:
        blocks = PcmStream(self._sound, self._settings.rate_hz) if self._held is None else self._held
        return cut_ranges(blocks, self._kept)

    def _hold(self, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """The blocks, which are kept until they are too many."""
        frames = 0
        for block in blocks:
            frames += len(block)
            if frames > _HELD_S * self._settings.rate_hz:
                self._held = None
            elif self._held is not None:
                self._held.append(block)
            yield block


def cut_ranges(blocks: Iterable[np.ndarray], ranges: list[tuple[int, int]]) -> Iterator[np.ndarray]:
    """The parts of blocks that lie in `ranges`, (start, end) in samples of the whole, ascending."""
    position, number = 0, 0
    for block in blocks:
        end = position + len(block)
        while number < len(ranges) and ranges[number][0] < end:
            low, high = ranges[number]
            yield block[max(low - position, 0) : high - position]
            if high > end:
                break
            number += 1
        position = end
