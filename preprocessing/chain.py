"""The cleaning chain, mono -> soxr -> int16 -> silence, in blocks. Cleaning, previews and tagging share it."""

from collections.abc import Iterable, Iterator

import numpy as np

from preprocessing.mono import Levels
from preprocessing.settings import CleaningSettings, rule_for
from preprocessing.silence import energy_per_ms, kept_ranges
from preprocessing.sound import Sound
from preprocessing.stream import PcmStream

_HELD_S = 600.0  # clean audio up to this length is decoded once and stays in memory


class CleanStream:
    """A clip after cleaning, as blocks (frames,) int16; it can be iterated over more than once.

    Clips of more than ten minutes are decoded again each time: once to find the silence, and once for every use.

    Args:
        sound: the raw clip.
        settings: rate of the result, whether silence goes, and what must remain.
        split: its silence rules are used; of these, the rule for the raw clip's length.

    Attributes:
        kept: (start, end) of what was kept, in samples of the whole clip at the settings' rate: where in the raw clip
            a clean sample comes from.
        reason: why it was kept whole; else "".
        clipped: samples that were beyond full scale after resampling.

    Raises:
        DecodeError: sound that cannot be used, or too little for one sample at the new rate; also while iterating.
    """

    def __init__(self, sound: Sound, settings: CleaningSettings, split: str) -> None:
        self._sound, self._settings = sound, settings
        self._held: list[np.ndarray] | None = None
        self._frames, self.reason = 0, ""
        levels = None if sound.is_decided else Levels()
        self._read(split, levels)
        if levels:
            sound.decide(levels)
            if sound.channel is not None:
                self._read(split, None)

    def _read(self, split: str, levels: Levels | None) -> None:
        """The first pass, which finds the silence."""
        settings, self._held, self.reason = self._settings, [], ""
        stream = PcmStream(self._sound, settings.rate_hz, levels)
        if settings.remove_silence:
            energy, self._frames = energy_per_ms(self._hold(stream), settings.rate_hz)
            rule = rule_for(settings.rules_for(split), stream.seconds)
            self.kept = kept_ranges(energy, self._frames, settings.rate_hz, rule)
            if len(self) < self._frames and len(self) < settings.min_kept_s * settings.rate_hz:
                self.reason = f"only {len(self) / settings.rate_hz:.3f} s would remain"
        else:
            self._frames = sum(map(len, self._hold(stream)))
        if self.reason or not settings.remove_silence:
            self.kept = [(0, self._frames)]
        self.clipped = stream.clipped

    @property
    def status(self) -> str:
        """`ok`, or `kept_whole` where too little would remain without its silence."""
        return "kept_whole" if self.reason else "ok"

    def __len__(self) -> int:
        return sum(end - start for start, end in self.kept)

    def __iter__(self) -> Iterator[np.ndarray]:
        blocks = PcmStream(self._sound, self._settings.rate_hz) if self._held is None else self._held
        return cut_ranges(blocks, self.kept)

    def pcm(self) -> np.ndarray:
        """All of it, (frames,) int16."""
        return np.concatenate([np.empty(0, np.int16), *self])

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
