"""Segments of a timeline that comes part by part, as soon as each of them has ended."""

from dataclasses import dataclass

import numpy as np

from tagging.inference.presence import ROUNDING_S, check_lengths, check_threshold
from tagging.inference.results import Segment, Timeline


@dataclass
class _Open:
    """A segment that has not ended: up to its last window with the label, and behind that in a gap."""

    start_s: float
    end_s: float = 0.0
    total: float = 0.0
    windows: int = 0
    gap_total: float = 0.0
    gap_windows: int = 0


class OpenSegments:
    """The segments of `Timeline.segments`, which explains the arguments.

    A window speaks for the time up to the middle between its centre and the next, so that the last window waits.

    Raises:
        TaggerError: a threshold or seconds that are not valid.
    """

    def __init__(
        self, threshold: float | None = None, min_length_s: float = 0.0, max_gap_s: float = 0.0
    ) -> None:
        check_threshold(threshold)
        check_lengths(min_length_s=min_length_s, max_gap_s=max_gap_s)
        self._threshold, self._min_length_s, self._max_gap_s = threshold, min_length_s, max_gap_s
        self._open: dict[int, _Open] = {}
        self._names: tuple[str, ...] = ()
        self._start_s, self._end_s = 0.0, 0.0
        self._waiting: tuple[float, np.ndarray, np.ndarray, bool] | None = None

    def push(self, part: Timeline) -> list[Segment]:
        """The segments that end within these windows."""
        self._names, self._end_s = part.names, part.seconds
        is_there = part.is_there(self._threshold)
        is_open = np.logical_or(part.task == "multilabel", ~is_there.any(axis=1))
        found = []
        for centre_s, *row in zip(part.centres_s, part.scores, is_there, is_open, strict=True):
            if self._waiting:
                found += self._past((self._waiting[0] + float(centre_s)) / 2)
            self._waiting = (float(centre_s), *row)
        return found

    def close(self) -> list[Segment]:
        """All that have not ended before the end of the sound."""
        found = self._past(self._end_s)
        return found + self._ended(list(self._open))

    def _past(self, edge_s: float) -> list[Segment]:
        """The waiting window speaks for the time up to here."""
        assert self._waiting is not None  # noqa: S101  for the type checker
        _, scores, is_there, is_open = self._waiting
        for number in np.flatnonzero(is_there).tolist():
            segment = self._open.setdefault(number, _Open(self._start_s))
            segment.total += segment.gap_total + float(scores[number])
            segment.windows += segment.gap_windows + 1
            segment.gap_total, segment.gap_windows, segment.end_s = 0.0, 0, edge_s
        ended = []
        for number, segment in self._open.items():
            if is_there[number]:
                continue
            segment.gap_total += float(scores[number])
            segment.gap_windows += 1
            if not is_open or edge_s - segment.end_s > self._max_gap_s + ROUNDING_S:
                ended.append(number)
        self._start_s = edge_s
        return self._ended(ended)

    def _ended(self, numbers: list[int]) -> list[Segment]:
        segments = [(number, self._open.pop(number)) for number in sorted(numbers)]
        return [
            Segment(segment.start_s, segment.end_s, self._names[number], segment.total / segment.windows)
            for number, segment in segments
            if segment.end_s - segment.start_s >= self._min_length_s - ROUNDING_S
        ]
