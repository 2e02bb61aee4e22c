"""Results as they come, file by file: a table for people, CSV, JSON or a line of JSON each."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, Protocol

from foundation.text import CSV_LINE_END, csv_text, shown
from tagging.inference.results import Segment, Timeline, clock

_NAME_WIDTH = 32
_TAGS = ("fname", "label", "score")
_SEGMENTS = ("fname", "start_s", "end_s", "label", "score")


@dataclass(frozen=True)
class Contents:
    """What a sink will be given.

    Attributes:
        names: of the classes, or of the values.
        over_time: timelines; else the tags of clips.
        has_segments: whether timelines have some; of regression they have not.
    """

    names: tuple[str, ...]
    over_time: bool
    has_segments: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the table."""
        if not self.over_time:
            return _TAGS
        return _SEGMENTS if self.has_segments else self.window_columns

    @property
    def window_columns(self) -> tuple[str, ...]:
        """Of the table of windows."""
        return (*_SEGMENTS[:3], *self.names)


class Sink(Protocol):
    """Where results go."""

    def tags(self, name: str, tags: Sequence[tuple[str, float]], warning: str = "") -> None:
        """The tags of a file, the likeliest first, and what of it was not heard."""

    def timeline(
        self, name: str, timeline: Timeline, segments: Sequence[Segment] | None, warning: str = ""
    ) -> None:
        """A file over time; `segments` is None for regression."""

    def close(self) -> None:
        """All files are there."""


class TableSink:
    """Text to be read on a screen; of a timeline its segments, of regression its windows."""

    def __init__(self, file: IO[str], _windows: IO[str] | None, _contents: Contents) -> None:
        self.file = file

    def tags(self, name: str, tags: Sequence[tuple[str, float]], _warning: str = "") -> None:
        name = shown(name)
        if len(name) > _NAME_WIDTH:
            self._line(name)
            name = ""
        said = [f"{score:6.3f}  {label}" for label, score in tags] or ["no label reaches the threshold"]
        for number, text in enumerate(said):
            self._line(f"{'' if number else name:<{_NAME_WIDTH}}  {text}")

    def timeline(
        self, name: str, timeline: Timeline, segments: Sequence[Segment] | None, _warning: str = ""
    ) -> None:
        count = len(timeline.scores)
        self._line(f"{shown(name)}  ({clock(timeline.seconds, 2)}, {count} window{'s' * (count > 1)})")
        if segments is None:
            for start_s, end_s, *values in _window_rows(timeline):
                values_shown = (
                    f"{label} {value:.3f}" for label, value in zip(timeline.names, values, strict=True)
                )
                self._line(f"{_span(start_s, end_s)}  {'  '.join(values_shown)}")
            return
        for segment in segments:
            self._line(f"{_span(segment.start_s, segment.end_s)}  {segment.score:6.3f}  {segment.label}")
        if not segments:
            self._line("  no label reaches its threshold")

    def close(self) -> None:
        """Each line was shown when it was written."""

    def _line(self, text: str) -> None:
        print(text, file=self.file, flush=True)


class CsvSink:
    """One row per tag or segment, and in a separate file one per window; for regression only one row per window."""

    def __init__(self, file: IO[str], windows: IO[str] | None, contents: Contents) -> None:
        self.file, self.windows = file, windows
        self._write(file, [contents.columns])
        if windows:
            self._write(windows, [contents.window_columns])

    def tags(self, name: str, tags: Sequence[tuple[str, float]], _warning: str = "") -> None:
        self._write(self.file, ((name, label, score) for label, score in tags))

    def timeline(
        self, name: str, timeline: Timeline, segments: Sequence[Segment] | None, _warning: str = ""
    ) -> None:
        if segments is not None:
            rows = ((name, *(_as_json(segment)[key] for key in _SEGMENTS[1:])) for segment in segments)
            self._write(self.file, rows)
        if windows := self.file if segments is None else self.windows:
            self._write(windows, ((name, *row) for row in _window_rows(timeline)))

    def close(self) -> None:
        """All rows are written."""

    def _write(self, file: IO[str], rows: Iterable[Sequence[Any]]) -> None:
        lines = io.StringIO(newline="")
        csv.writer(lines, lineterminator=CSV_LINE_END).writerows(rows)
        file.write(csv_text(lines.getvalue()))
        file.flush()


class JsonLinesSink:
    """An object a file, on a line of its own, which is there when the file is done."""

    def __init__(self, file: IO[str], _windows: IO[str] | None, _contents: Contents) -> None:
        self.file = file

    def tags(self, name: str, tags: Sequence[tuple[str, float]], warning: str = "") -> None:
        found = [{"label": label, "score": score} for label, score in tags]
        self._write([json.dumps({**_head(name, warning), "tags": found}, ensure_ascii=False)])

    def timeline(
        self, name: str, timeline: Timeline, segments: Sequence[Segment] | None, warning: str = ""
    ) -> None:
        self._write(_json_parts(_head(name, warning), timeline, segments))

    def close(self) -> None:
        """All lines are written."""

    def _write(self, parts: Iterable[str]) -> None:
        """The text of an object."""
        self.file.writelines(parts)
        self.file.write("\n")
        self.file.flush()


class JsonSink(JsonLinesSink):
    """A list of the same objects."""

    before = "[\n"

    def close(self) -> None:
        self.file.write("[]\n" if self.before == JsonSink.before else "\n]\n")
        self.file.flush()

    def _write(self, parts: Iterable[str]) -> None:
        self.file.write(self.before)
        self.file.writelines(parts)
        self.before = ",\n"


SINKS: dict[str, Callable[[IO[str], IO[str] | None, Contents], Sink]] = {
    "table": TableSink,
    "csv": CsvSink,
    "json": JsonSink,
    "jsonl": JsonLinesSink,
}
"""(file, file for the windows' scores where the format has them in one of their own, contents) -> sink."""


def _head(name: str, warning: str) -> dict[str, Any]:
    return {"fname": name, **({"warning": warning} if warning else {})}


def _json_parts(
    head: dict[str, Any], timeline: Timeline, segments: Sequence[Segment] | None
) -> Iterator[str]:
    """An object, window by window, as hours have many."""
    head |= {"seconds": timeline.seconds, "classes": timeline.names}
    if segments is not None:
        head["segments"] = [_as_json(segment) for segment in segments]
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "windows": ['
    for number, (start_s, end_s, *scores) in enumerate(_window_rows(timeline)):
        yield ", " * bool(number) + json.dumps({"start_s": start_s, "end_s": end_s, "scores": scores})
    yield "]}"


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
    return f"  {clock(start_s, 2):>10} - {clock(end_s, 2):>10}"
