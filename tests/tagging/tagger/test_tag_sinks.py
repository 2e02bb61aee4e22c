"""Results as they are written, file by file."""

import csv
import io
import json

import numpy as np
import pytest

from foundation.files import atomic_file
from tagging.inference.results import Segment, Timeline
from tagging.tagger.sinks import SINKS, Contents

TAGS = [("a", 0.75), ("b", 0.25)]
TIMELINE = Timeline(
    ("a", "b"), np.array([0.0]), np.array([1.5]), np.array([[0.75, 0.25]]), "multilabel", np.full(2, 0.5)
)
SEGMENTS = [Segment(0.0, 1.5, "a", 0.75)]


def test_each_file_is_a_whole_line_as_soon_as_it_is_done(tmp_path):
    path = tmp_path / "x.jsonl"
    with path.open("w") as file:
        sink = SINKS["jsonl"](file, None, Contents(("a", "b"), over_time=False, has_segments=False))
        for number in (1, 2):
            sink.tags(f"{number}.wav", TAGS)
            lines = path.read_text().splitlines(keepends=True)
            assert len(lines) == number
            assert lines[-1].endswith("\n")
            assert json.loads(lines[-1]) == {
                "fname": f"{number}.wav",
                "tags": [{"label": "a", "score": 0.75}, {"label": "b", "score": 0.25}],
            }


@pytest.mark.parametrize("ending", ["csv", "jsonl", "table"])
def test_who_reads_along_sees_each_file_when_it_is_done(tmp_path, ending):
    path = tmp_path / "x"
    with path.open("w") as file:
        sink = SINKS[ending](file, None, Contents(("a", "b"), over_time=True, has_segments=True))
        sink.timeline("1.wav", TIMELINE, SEGMENTS)
        text = path.read_text()
        sink.close()
        assert path.read_text() == text


@pytest.mark.parametrize("files", [0, 1, 3])
def test_a_json_list_is_one_whatever_its_length(tmp_path, files):
    path = tmp_path / "x.json"
    with path.open("w") as file:
        sink = SINKS["json"](file, None, Contents(("a", "b"), over_time=True, has_segments=True))
        for number in range(files):
            sink.timeline(f"{number}.wav", TIMELINE, SEGMENTS)
        sink.close()
    found = json.loads(path.read_text())
    assert [item["fname"] for item in found] == [f"{number}.wav" for number in range(files)]
    for item in found:
        assert item["windows"] == [{"start_s": 0, "end_s": 1.5, "scores": [0.75, 0.25]}]
        assert item["segments"] == [{"start_s": 0, "end_s": 1.5, "label": "a", "score": 0.75}]


@pytest.mark.parametrize("ending", SINKS)
def test_letters_stay_as_they_are(ending):
    file = io.StringIO()
    sink = SINKS[ending](file, None, Contents(("Glöckchen",), over_time=False, has_segments=False))
    sink.tags("täglich.wav", [("Glöckchen", 0.5)])
    sink.close()
    assert "täglich.wav" in file.getvalue()
    assert "Glöckchen" in file.getvalue()


def test_csv_keeps_windows_apart_from_segments():
    for windows in (None, io.StringIO()):
        file = io.StringIO()
        sink = SINKS["csv"](file, windows, Contents(("a", "b"), over_time=True, has_segments=True))
        sink.timeline("x.wav", TIMELINE, SEGMENTS)
        assert file.getvalue() == "fname,start_s,end_s,label,score\nx.wav,0.0,1.5,a,0.75\n"
        if windows:
            assert windows.getvalue() == "fname,start_s,end_s,a,b\nx.wav,0.0,1.5,0.75,0.25\n"


def table(*, over_time: bool):
    file = io.StringIO()
    return file, SINKS["table"](file, None, Contents(("a", "b"), over_time, has_segments=True))


def test_a_table_of_tags_keeps_its_columns_whatever_the_names():
    file, sink = table(over_time=False)
    for name in ("x.wav", 40 * "x"):
        sink.tags(name, TAGS)
        sink.tags(name, [])
    lines = file.getvalue().splitlines()
    assert lines == [
        f"{'x.wav':<32}   0.750  a",
        f"{'':<32}   0.250  b",
        f"{'x.wav':<32}  no label reaches the threshold",
        40 * "x",
        f"{'':<32}   0.750  a",
        f"{'':<32}   0.250  b",
        40 * "x",
        f"{'':<32}  no label reaches the threshold",
    ]


def test_a_table_over_time_tells_quarters_of_a_second():
    file, sink = table(over_time=True)
    sink.timeline("x.wav", TIMELINE, [Segment(6.75, 11.25, "a", 0.75), Segment(3606.75, 7211.25, "b", 0.5)])
    assert file.getvalue().splitlines() == [
        "x.wav  (0:01.50, 1 window)",
        "     0:06.75 -    0:11.25   0.750  a",
        "  1:00:06.75 - 2:00:11.25   0.500  b",
    ]


def test_a_file_that_is_not_written_to_its_end_leaves_the_old_one(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("old")
    with pytest.raises(TypeError), atomic_file(path) as file:
        file.writelines(["new", None])
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_names_with_line_ends_are_one_cell_of_csv_and_one_line_of_a_table():
    file = io.StringIO(newline="")
    SINKS["csv"](file, None, Contents(("a",), over_time=False, has_segments=True)).tags("Icon\r.wav", TAGS)
    file.seek(0)
    assert [row[0] for row in csv.reader(file)] == ["fname", *["Icon\r.wav"] * len(TAGS)]
    file, sink = table(over_time=False)
    sink.tags("Icon\r\x1b[1m.wav", TAGS)
    assert file.getvalue().startswith(r"Icon\r\x1b[1m.wav ")


@pytest.mark.parametrize("format_", ["json", "jsonl"])
def test_json_has_what_was_not_heard(format_):
    file = io.StringIO()
    sink = SINKS[format_](file, None, Contents(("a", "b"), over_time=True, has_segments=True))
    sink.timeline("x.wav", TIMELINE, SEGMENTS, "heard 1.000 of 2.000 s: truncated")
    sink.close()
    found = json.loads(file.getvalue())
    assert (found[0] if format_ == "json" else found)["warning"] == "heard 1.000 of 2.000 s: truncated"
