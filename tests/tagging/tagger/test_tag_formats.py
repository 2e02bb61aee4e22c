"""Results as they are written, file by file."""

import csv
import io
import json

import numpy as np
import pytest

from foundation.files import atomic_file
from tagging.inference.results import Segment, Timeline
from tagging.tagger.formats import WRITERS, Output, Record

TAGS = [("a", 0.75), ("b", 0.25)]
TIMELINE = Timeline(
    ("a", "b"), np.array([0.0]), np.array([1.5]), np.array([[0.75, 0.25]]), "multilabel", np.full(2, 0.5)
)
SEGMENTS = [Segment(0.0, 1.5, "a", 0.75)]


def written(ending: str, records, *, file=None, windows=None, names=("a", "b"), over_time=True) -> str:
    file = file or io.StringIO()
    WRITERS[ending](records, Output(file, windows, names, over_time, has_segments=True))
    return file.getvalue() if isinstance(file, io.StringIO) else ""


def test_each_file_is_a_whole_line_as_soon_as_it_is_done(tmp_path):
    path = tmp_path / "x.jsonl"

    def records():
        for number in (1, 2):
            yield Record(f"{number}.wav", tags=TAGS)
            lines = path.read_text().splitlines(keepends=True)
            assert len(lines) == number
            assert lines[-1].endswith("\n")
            assert json.loads(lines[-1]) == {
                "fname": f"{number}.wav",
                "tags": [{"label": "a", "score": 0.75}, {"label": "b", "score": 0.25}],
            }

    with path.open("w") as file:
        written("jsonl", records(), file=file, over_time=False)
    assert len(path.read_text().splitlines()) == 2


@pytest.mark.parametrize("ending", ["csv", "jsonl", "table"])
def test_who_reads_along_sees_each_file_when_it_is_done(tmp_path, ending):
    path, texts = tmp_path / "x", []

    def records():
        yield Record("1.wav", timeline=TIMELINE, segments=SEGMENTS)
        texts.append(path.read_text())

    with path.open("w") as file:
        written(ending, records(), file=file)
        assert path.read_text() == texts[0] != ""


@pytest.mark.parametrize("files", [0, 1, 3])
def test_a_json_list_is_one_whatever_its_length(files):
    records = [Record(f"{number}.wav", timeline=TIMELINE, segments=SEGMENTS) for number in range(files)]
    found = json.loads(written("json", records))
    assert [item["fname"] for item in found] == [f"{number}.wav" for number in range(files)]
    for item in found:
        assert item["windows"] == [{"start_s": 0, "end_s": 1.5, "scores": [0.75, 0.25]}]
        assert item["segments"] == [{"start_s": 0, "end_s": 1.5, "label": "a", "score": 0.75}]


@pytest.mark.parametrize("ending", WRITERS)
def test_letters_stay_as_they_are(ending):
    record = Record("täglich.wav", tags=[("Glöckchen", 0.5)])
    text = written(ending, [record], names=("Glöckchen",), over_time=False)
    assert "täglich.wav" in text
    assert "Glöckchen" in text


def test_csv_keeps_windows_apart_from_segments():
    for windows in (None, io.StringIO()):
        text = written("csv", [Record("x.wav", timeline=TIMELINE, segments=SEGMENTS)], windows=windows)
        assert text == "fname,start_s,end_s,label,score\nx.wav,0.0,1.5,a,0.75\n"
        if windows:
            assert windows.getvalue() == "fname,start_s,end_s,a,b\nx.wav,0.0,1.5,0.75,0.25\n"


def test_a_table_of_tags_keeps_its_columns_whatever_the_names():
    records = [Record(name, tags=tags) for name in ("x.wav", 40 * "x") for tags in (TAGS, [])]
    assert written("table", records, over_time=False).splitlines() == [
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
    segments = [Segment(6.75, 11.25, "a", 0.75), Segment(3606.75, 7211.25, "b", 0.5)]
    assert written("table", [Record("x.wav", timeline=TIMELINE, segments=segments)]).splitlines() == [
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
    written("csv", [Record("Icon\r.wav", tags=TAGS)], file=file, over_time=False)
    file.seek(0)
    assert [row[0] for row in csv.reader(file)] == ["fname", *["Icon\r.wav"] * len(TAGS)]
    text = written("table", [Record("Icon\r\x1b[1m.wav", tags=TAGS)], over_time=False)
    assert text.startswith(r"Icon\r\x1b[1m.wav ")


@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_json_has_what_was_not_heard(ending):
    warning = "heard 1.000 of 2.000 s: truncated"
    record = Record("x.wav", timeline=TIMELINE, segments=SEGMENTS, warning=warning)
    found = json.loads(written(ending, [record]))
    assert (found[0] if ending == "json" else found)["warning"] == warning
