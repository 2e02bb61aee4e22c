"""The FMA reader, on a small tracks.csv with its three header rows and columns that are not needed."""

import csv

import pytest

from tagging.datasets import read_dataset
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import DatasetError

HEADER = [
    ["", "album", "artist", "set", "set", "track", "track"],
    ["", "information", "id", "split", "subset", "genre_top", "title"],
    ["track_id", "", "", "", "", "", ""],
]
TRACKS = [
    ["140", '<p>two\nlines, "quoted"</p>', "54", "training", "small", "Folk", "a"],
    ["2", "", "1", "training", "small", "Hip-Hop", "b"],
    ["5", "", "1", "validation", "medium", "Hip-Hop", "c"],
    ["10", "", "6", "test", "medium", "Pop", "d"],
    ["155320", "", "9", "training", "large", "", "e"],
    ["155319", "", "9", "test", "large", "International", "NA"],
    ["20", "", "4", "training", "full", "Rock", "g"],
]


def write(root, header=HEADER, tracks=TRACKS, sizes=("large",)):
    (root / "fma_metadata").mkdir(exist_ok=True)
    with (root / "fma_metadata" / "tracks.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([*header, *tracks])
    for size in sizes:
        (root / f"fma_{size}").mkdir(exist_ok=True)
    return root


def read(root, **settings):
    return read_dataset(DatasetSettings(layout="fma", root=str(root), **settings))


def message(root, **settings):
    with pytest.raises(DatasetError) as error:
        read(root, **settings)
    return str(error.value)


def test_medium_has_small_in_it_and_keeps_the_official_parts(tmp_path):
    data = read(write(tmp_path), subset="medium")
    assert (data.classes, data.task) == (("Folk", "Hip-Hop", "Pop"), "multiclass")
    assert list(data.clips["fname"]) == ["000002.mp3", "000005.mp3", "000010.mp3", "000140.mp3"]
    assert list(data.clips["split"]) == ["train", "train", "test", "train"]
    assert list(data.clips["validates"]) == [False, True, False, False]
    assert list(data.clips["labels"]) == [("Hip-Hop",), ("Hip-Hop",), ("Pop",), ("Folk",)]
    assert list(data.clips["group"]) == ["1", "1", "6", "54"]
    assert data.clips["path"][0] == tmp_path / "fma_large" / "000" / "000002.mp3"


def test_null_is_small_and_large_counts_the_tracks_without_a_genre(tmp_path, capsys):
    write(tmp_path)
    assert list(read(tmp_path).clips["fname"]) == ["000002.mp3", "000140.mp3"]
    assert capsys.readouterr().err == ""
    clips = read(tmp_path, subset="large").clips
    assert list(clips["fname"])[-1] == "155319.mp3"
    assert clips["path"].iloc[-1] == tmp_path / "fma_large" / "155" / "155319.mp3"
    assert len(clips) == 5
    assert "1 track without a top genre left out" in capsys.readouterr().err


def test_the_folder_of_the_subset_comes_before_a_larger_one(tmp_path):
    write(tmp_path, sizes=("small", "large"))
    assert read(tmp_path).clips["path"][0].parts[-3] == "fma_small"
    assert read(tmp_path, subset="medium").clips["path"][0].parts[-3] == "fma_large"
    (tmp_path / "fma_large").rmdir()
    assert "fma_medium is missing. Expected:" in message(tmp_path, subset="medium")


def test_without_numbers_of_artists_there_are_no_groups(tmp_path):
    def cut(rows):
        return [[*row[:2], *row[3:]] for row in rows]

    assert set(read(write(tmp_path, cut(HEADER), cut(TRACKS))).clips["group"]) == {""}


def test_exclude_leaves_test_clips_alone(tmp_path):
    data = read(write(tmp_path), subset="medium", exclude=["000002.mp3", "000010.mp3"])
    assert list(data.clips["fname"]) == ["000005.mp3", "000010.mp3", "000140.mp3"]


def test_no_data_shows_the_tree(tmp_path):
    text = message(tmp_path)
    assert text.startswith(f"no FMA data at {tmp_path}: fma_small is missing. Expected:\n    {tmp_path}/\n")
    (tmp_path / "fma_small").mkdir()
    assert "fma_metadata/tracks.csv is missing" in message(tmp_path)


def changed(row, column, value):
    rows = [list(track) for track in TRACKS]
    rows[row][column] = value
    return {"tracks": rows}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (
            {"header": HEADER[:2]},
            "expected three header rows with the columns set/split, set/subset, track/genre_top",
        ),
        ({"header": [HEADER[0], HEADER[1][::-1], HEADER[2]]}, "received others"),
        ({"header": [], "tracks": []}, "received others"),
        ({"tracks": []}, "received one that cannot be read"),
        (changed(1, 0, "140"), "expected each track once, received '140' again"),
        (changed(1, 0, "../2"), "expected track numbers, received '../2'"),
        (changed(1, 3, "dev"), "expected set/split out of training, validation, test, received 'dev'"),
        (changed(1, 4, "tiny"), "expected set/subset out of small, medium, large, full, received 'tiny'"),
    ],
)
def test_wrong_table(tmp_path, parts, expected):
    text = message(write(tmp_path, **parts))
    assert expected in text
    assert "\n" not in text


def test_other_bytes(tmp_path):
    write(tmp_path)
    (tmp_path / "fma_metadata" / "tracks.csv").write_bytes(b"\xff\xfe\x00\n\n\n")
    assert "received others" in message(tmp_path)
