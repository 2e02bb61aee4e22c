"""Results as they come, file by file: a table for people, CSV, JSON or a line of JSON each."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

from foundation.text import CSV_LINE_END, csv_text, shown
from tagging.inference.results import Segment, Timeline, clock

_NAME_WIDTH = 32
_TAGS = ("fname", "label", "score")
_SEGMENTS = ("fname", "start_s", "end_s", "label", "score")


@dataclass(frozen=True, eq=False)
class Record:
    """The result for one file.

    Attributes:
        name: of the file.
        tags: its labels and scores, the likeliest first; of a timeline none.
        timeline: its scores over time; None: of the whole clip.
        segments: of the timeline; None for regression.
        warning: what is to be known of the file, as that a part was not heard.
        silent: whether all of it is silence, which has no tags.
    """

    name: str
    tags: Sequence[tuple[str, float]] = ()
    timeline: Timeline | None = None
    segments: Sequence[Segment] | None = None
    warning: str = ""
    silent: bool = False

    @property
    def nothing(self) -> str:
        """What a table says in place of tags."""
        return "silent" if self.silent else f"no label reaches {'its' if self.timeline else 'the'} threshold"


@dataclass(frozen=True, eq=False)
class Output:
    """Where records are written.

    Attributes:
        file: for all of them.
        windows: for the scores of windows, where the format has them in a separate file.
        names: of the classes, or of the values.
        over_time: whether records have timelines.
        has_segments: whether timelines have segments; of regression they have not.
    """

    file: IO[str]
    windows: IO[str] | None
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


def write_for_screen(records: Iterable[Record], output: Output) -> None:
    """Text to be read on a screen; of a timeline its segments, of regression its windows."""
    for record in records:
        for line in _lines_of_tags(record) if record.timeline is None else _lines(record, record.timeline):
            print(line, file=output.file, flush=True)


def write_csv_rows(records: Iterable[Record], output: Output) -> None:
    """One row per tag or segment, and in a separate file one per window; for regression only one row per window."""
    _write_rows(output.file, [output.columns])
    if output.windows:
        _write_rows(output.windows, [output.window_columns])
    for record in records:
        spans = [tuple(_as_json(segment).values()) for segment in record.segments or ()]
        _write_rows(output.file, ((record.name, *row) for row in (*record.tags, *spans)))
        windows = output.windows if output.has_segments else output.file
        if windows and record.timeline is not None:
            _write_rows(windows, ((record.name, *row) for row in _window_rows(record.timeline)))


def write_json_lines(records: Iterable[Record], output: Output) -> None:
    """One object per file, on a line of its own, which is there when the file is done."""
    for record in records:
        output.file.writelines(_json_parts(record))
        output.file.write("\n")
        output.file.flush()


def write_json(records: Iterable[Record], output: Output) -> None:
    """A list of the same objects."""
    before = "[\n"
    for record in records:
        output.file.write(before)
        output.file.writelines(_json_parts(record))
        before = ",\n"
    output.file.write("[]\n" if before == "[\n" else "\n]\n")
    output.file.flush()


WRITERS: dict[str, Callable[[Iterable[Record], Output], None]] = {
    "table": write_for_screen,
    "csv": write_csv_rows,
    "json": write_json,
    "jsonl": write_json_lines,
}


def _lines_of_tags(record: Record) -> Iterator[str]:
    name = shown(record.name)
    if len(name) > _NAME_WIDTH:
        yield name
        name = ""
    texts = [f"{score:6.3f}  {label}" for label, score in record.tags] or [record.nothing]
    for text in texts:
        yield f"{name:<{_NAME_WIDTH}}  {text}"
        name = ""


def _lines(record: Record, timeline: Timeline) -> Iterator[str]:
    count = len(timeline.scores)
    yield f"{shown(record.name)}  ({clock(timeline.seconds, 2)}, {count} window{'s' * (count > 1)})"
    if record.segments is None:
        for start_s, end_s, *values in _window_rows(timeline):
            named = (f"{label} {value:.3f}" for label, value in zip(timeline.names, values, strict=True))
            yield f"{_span(start_s, end_s)}  {'  '.join(named)}"
        return
    for segment in record.segments:
        yield f"{_span(segment.start_s, segment.end_s)}  {segment.score:6.3f}  {segment.label}"
    if not record.segments:
        yield f"  {record.nothing}"


def _write_rows(file: IO[str], rows: Iterable[Sequence[Any]]) -> None:
    lines = io.StringIO(newline="")
    csv.writer(lines, lineterminator=CSV_LINE_END).writerows(rows)
    file.write(csv_text(lines.getvalue()))
    file.flush()


def _json_parts(record: Record) -> Iterator[str]:
    """An object; that of a timeline window by window, as hours have many."""
    timeline = record.timeline
    head: dict[str, Any] = {"fname": record.name}
    if record.warning:
        head["warning"] = record.warning
    if record.silent:
        head["silent"] = True
    if timeline is None:
        tags = [{"label": label, "score": score} for label, score in record.tags]
        yield json.dumps({**head, "tags": tags}, ensure_ascii=False)
        return
    head |= {"seconds": timeline.seconds, "classes": timeline.names}
    if record.segments is not None:
        head["segments"] = [_as_json(segment) for segment in record.segments]
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "windows": ['
    rows = zip(_window_rows(timeline), timeline.is_silent, strict=True)
    for number, ((start_s, end_s, *scores), is_silent) in enumerate(rows):
        window = {
            "start_s": start_s,
            "end_s": end_s,
            "scores": scores,
            **({"silent": True} if is_silent else {}),
        }
        yield ", " * bool(number) + json.dumps(window)
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
