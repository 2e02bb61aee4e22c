"""Results as they come, file by file: a table for people, CSV, JSON or a line of JSON each."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, Any, Protocol

from tagging.tagger.results import Segment, Timeline
from tagging.tagger.writing import clock

_NAME_WIDTH = 32
_TAGS = ("fname", "label", "score")
_SEGMENTS = ("fname", "start_s", "end_s", "label", "score")


class Sink(Protocol):
    """Where results go."""

    def tags(self, name: str, tags: Sequence[tuple[str, float]]) -> None:
        """The tags of a file, the likeliest first."""

    def timeline(self, name: str, timeline: Timeline, segments: Sequence[Segment] | None) -> None:
        """A file over time; `segments` is None for regression."""

    def close(self) -> None:
        """All files are there."""


class TableSink:
    """Text to be read on a screen; of a timeline its segments, of regression its windows."""

    def __init__(self, file: IO[str], _windows: IO[str] | None) -> None:
        self.file = file

    def tags(self, name: str, tags: Sequence[tuple[str, float]]) -> None:
        for number, (label, score) in enumerate(tags):
            self._line(f"{'' if number else name:<{_NAME_WIDTH}}  {score:6.3f}  {label}")

    def timeline(self, name: str, timeline: Timeline, segments: Sequence[Segment] | None) -> None:
        self._line(f"{name}  ({clock(timeline.seconds, 1)}, {len(timeline.scores)} windows)")
        if segments is None:
            for start_s, end_s, *values in _window_rows(timeline):
                shown = (f"{label} {value:.3f}" for label, value in zip(timeline.names, values, strict=True))
                self._line(f"{_span(start_s, end_s)}  {'  '.join(shown)}")
            return
        for segment in segments:
            self._line(f"{_span(segment.start_s, segment.end_s)}  {segment.score:6.3f}  {segment.label}")
        if not segments:
            self._line("  no label reaches its threshold")

    def close(self) -> None:
        self.file.flush()

    def _line(self, text: str) -> None:
        print(text, file=self.file, flush=True)


class CsvSink:
    """A row a tag, or a segment, and in a file of their own a row a window; of regression a row a window alone."""

    def __init__(self, file: IO[str], windows: IO[str] | None) -> None:
        self.file, self.windows = file, windows
        self.begun: list[IO[str]] = []

    def tags(self, name: str, tags: Sequence[tuple[str, float]]) -> None:
        self._write(self.file, _TAGS, ((name, label, score) for label, score in tags))

    def timeline(self, name: str, timeline: Timeline, segments: Sequence[Segment] | None) -> None:
        if segments is not None:
            rows = ((name, *(_as_json(segment)[key] for key in _SEGMENTS[1:])) for segment in segments)
            self._write(self.file, _SEGMENTS, rows)
        if windows := self.file if segments is None else self.windows:
            columns = (*_SEGMENTS[:3], *timeline.names)
            self._write(windows, columns, ((name, *row) for row in _window_rows(timeline)))

    def close(self) -> None:
        self.file.flush()

    def _write(self, file: IO[str], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        writer = csv.writer(file, lineterminator="\n")
        if file not in self.begun:
            self.begun.append(file)
            writer.writerow(columns)
        writer.writerows(rows)


class JsonLinesSink:
    """An object a file, on a line of its own."""

    between = "\n"

    def __init__(self, file: IO[str], _windows: IO[str] | None) -> None:
        self.file, self.items = file, 0

    def tags(self, name: str, tags: Sequence[tuple[str, float]]) -> None:
        found = [{"label": label, "score": score} for label, score in tags]
        self._begin(json.dumps({"fname": name, "tags": found}, ensure_ascii=False))

    def timeline(self, name: str, timeline: Timeline, segments: Sequence[Segment] | None) -> None:
        head: dict[str, Any] = {"fname": name, "seconds": timeline.seconds, "classes": timeline.names}
        if segments is not None:
            head["segments"] = [_as_json(segment) for segment in segments]
        self._begin(json.dumps(head, ensure_ascii=False)[:-1] + ', "windows": [')
        for number, (start_s, end_s, *scores) in enumerate(_window_rows(timeline)):  # hours have many
            window = {"start_s": start_s, "end_s": end_s, "scores": scores}
            self.file.write(", " * bool(number) + json.dumps(window))
        self.file.write("]}")

    def close(self) -> None:
        self.file.write("\n" * bool(self.items))
        self.file.flush()

    def _begin(self, text: str) -> None:
        self.file.write(self.between * bool(self.items) + text)
        self.items += 1


class JsonSink(JsonLinesSink):
    """A list of the same objects."""

    between = ",\n"

    def _begin(self, text: str) -> None:
        super()._begin(text if self.items else "[\n" + text)

    def close(self) -> None:
        self.file.write("\n]\n" if self.items else "[]\n")
        self.file.flush()


SINKS: dict[str, Callable[[IO[str], IO[str] | None], Sink]] = {
    "table": TableSink,
    "csv": CsvSink,
    "json": JsonSink,
    "jsonl": JsonLinesSink,
}
"""(file, file for the windows' scores where the format has them in one of their own) -> sink."""


def _as_json(segment: Segment) -> dict[str, Any]:
    """Times to the microsecond, as samples need no more."""
    start_s, end_s, score = (round(value, 6) for value in (segment.start_s, segment.end_s, segment.score))
    return {"start_s": start_s, "end_s": end_s, "label": segment.label, "score": score}


def _window_rows(timeline: Timeline) -> Iterator[list[float]]:
    """Start and end in seconds, then the score of each class; six digits, as float32 has no more."""
    for start_s, end_s, scores in zip(timeline.starts_s, timeline.ends_s, timeline.scores, strict=True):
        yield [
            round(float(start_s), 6),
            round(float(end_s), 6),
            *(float(f"{x:.6g}") for x in scores.tolist()),
        ]


def _span(start_s: float, end_s: float) -> str:
    return f"  {clock(start_s, 1):>9} - {clock(end_s, 1):>9}"
