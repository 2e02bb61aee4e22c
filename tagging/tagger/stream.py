"""Tags of a sound while it is heard: chunks in, windows and segments out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from preprocessing.resample import BlockResampler, to_pcm16
from preprocessing.sound_arrays import chunk_blocks
from tagging.inference.closing import OpenSegments
from tagging.inference.errors import TaggerError
from tagging.inference.results import Segment, Tags, Timeline
from tagging.pipeline.blocks import Window, WindowCutter
from tagging.tagger.rows import Rows
from tagging.tagger.windows import batch_size, batches

Score = Callable[[np.ndarray, np.ndarray], Timeline]
"""(windows, 2) first sample and last + 1, (windows, length) int16 -> the part of the timeline that they are."""


@dataclass(frozen=True, eq=False)
class TaggedWindow:
    """A window of a stream: where it is in seconds since the stream began, and its tags."""

    start_s: float
    end_s: float
    tags: Tags


class Closed(NamedTuple):
    """What a chunk completes: windows in their order, and segments in the order in which they end."""

    windows: list[TaggedWindow]
    segments: list[Segment]


class TagStream:
    """Takes a sound in chunks of any length, and hands out what they complete; `Tagger.stream` makes one.

    The windows are those of `Tagger.timeline` for the whole sound, and the segments those of `Timeline.segments`. The
    channels are mixed to their mean. No more than a window of sound and one number per open segment is kept.

    Args:
        score: what makes a timeline of windows.
        rows: of the timeline.
        rate_hz: of the chunks.
        to_rate_hz: of the windows.
        segments: keeps the segments that have not ended yet; None for regression, whose values have none.
    """

    def __init__(
        self, score: Score, rows: Rows, rate_hz: int, to_rate_hz: int, segments: OpenSegments | None
    ) -> None:
        self._score, self._size = score, batch_size(rows.pieces.length)
        self._rate_hz, self._segments = rate_hz, segments
        self._resampler = BlockResampler(rate_hz, to_rate_hz)
        self._cutter = WindowCutter(rows.pieces, rows.margin)
        self._is_closed = False

    def push(self, samples: np.ndarray) -> Closed:
        """What is complete with this chunk.

        Args:
            samples: (frames,) or (frames, channels), float of full scale 1.0 or int16. It may have no frames;
                with fewer frames than channels, it may have at most eight channels.

        Raises:
            DecodeError: samples of another type or shape, or that are not sound; the stream remains as it was.
            TaggerError: the stream is closed.
        """
        self._check_open()
        return self._closed(
            window
            for block in chunk_blocks(samples, self._rate_hz)
            for window in self._cutter.push(to_pcm16(self._resampler.push(block))[0])
        )

    def close(self) -> Closed:
        """What the end completes: the last window, and all open segments. Of a stream without sound nothing.

        Raises:
            TaggerError: the stream is closed.
        """
        self._check_open()
        self._is_closed = True
        rest = [*self._cutter.push(to_pcm16(self._resampler.close())[0])]
        if self._cutter.is_empty:
            return Closed([], [])
        windows, segments = self._closed([*rest, *self._cutter.close()])
        return Closed(windows, segments + (self._segments.close() if self._segments else []))

    def _closed(self, windows: Iterable[Window]) -> Closed:
        found: list[TaggedWindow] = []
        segments: list[Segment] = []
        for spans, samples in batches(windows, self._size):
            part = self._score(spans, samples)
            found += _windows(part)
            segments += self._segments.push(part) if self._segments else []
        return Closed(found, segments)

    def _check_open(self) -> None:
        if self._is_closed:
            raise TaggerError("expected an open stream, received one that is closed: begin another")


def _windows(part: Timeline) -> list[TaggedWindow]:
    rows = zip(part.starts_s, part.ends_s, part.scores, part.is_silent, strict=True)
    return [
        TaggedWindow(
            float(start_s),
            float(end_s),
            Tags(part.names, scores, part.task, part.thresholds, silent=bool(is_silent)),
        )
        for start_s, end_s, scores, is_silent in rows
    ]
