"""The ESC-10 reader, on tiny trees in both published layouts."""

import numpy as np
import pytest

from tagging.datasets import read_dataset
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.splits import folds
from tagging.datasets.table import DatasetError

FOLDERS = ("001 - Dog bark", "002 - Rain")
TABLE = "filename,fold,target,category,esc10,src_file,take\n"


@pytest.fixture
def esc10(tmp_path):
    for number, folder in enumerate(FOLDERS):
        (tmp_path / folder).mkdir()
        for fold in (1, 2, 3, 4):
            for take in "AB":
                (tmp_path / folder / f"{fold}-10{number}-{take}.ogg").touch()
        (tmp_path / folder / "notes.txt").touch()
    (tmp_path / "LICENSE").touch()
    return tmp_path


@pytest.fixture
def esc50(tmp_path):
    (tmp_path / "audio").mkdir()
    (tmp_path / "meta").mkdir()
    rows = []
    for fold in (5, 1):
        for target, category in enumerate(["dog", "crying_baby", "vacuum_cleaner"]):
            name = f"{fold}-7-A-{target}.wav"
            rows.append(f"{name},{fold},{target},{category},{category != 'vacuum_cleaner'},7,A\n")
            (tmp_path / "audio" / name).touch()
    (tmp_path / "meta" / "esc50.csv").write_text(TABLE + "".join(rows))
    return tmp_path


def read(root, **settings):
    return read_dataset(DatasetSettings(layout="esc10", root=str(root), **settings))


def message(root):
    with pytest.raises(DatasetError) as error:
        read(root)
    return str(error.value)


def test_class_folders(esc10):
    data = read(esc10)
    assert data.classes == ("Dog_bark", "Rain")
    assert (data.task, data.usage, data.sample_submission) == ("multiclass", {}, None)
    assert list(data.clips.columns) == ["fname", "path", "labels", "split", "group"]
    assert list(data.clips["fname"])[:5] == [
        "1-100-A.ogg",
        "1-100-B.ogg",
        "1-101-A.ogg",
        "1-101-B.ogg",
        "2-100-A.ogg",
    ]
    assert list(data.clips["labels"])[:3] == [("Dog_bark",), ("Dog_bark",), ("Rain",)]
    assert set(data.clips["split"]) == {"curated"}
    assert all(clip.path.is_file() and clip.path.name == clip.fname for clip in data.clips.itertuples())
    assert [clip.group for clip in data.clips.itertuples()] == [name[0] for name in data.clips["fname"]]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_four_folds_are_those_of_the_data_set(esc10, seed):
    data = read(esc10)
    fold = folds(data.clips, data.targets(data.clips), 4, seed)
    assert sorted(set(data.clips["group"][fold == number]).pop() for number in range(4)) == list("1234")
    assert np.bincount(fold).tolist() == [4, 4, 4, 4]


def test_ten_classes_of_esc50(esc50):
    data = read(esc50)
    assert data.classes == ("Crying_baby", "Dog")
    assert list(data.clips["fname"]) == ["1-7-A-0.wav", "1-7-A-1.wav", "5-7-A-0.wav", "5-7-A-1.wav"]
    assert list(data.clips["group"]) == ["1", "1", "5", "5"]
    assert all(path.is_file() for path in data.clips["path"])


def test_exclude(esc10):
    assert "1-100-A.ogg" not in set(read(esc10, exclude=["1-100-A.ogg"]).clips["fname"])


def test_other_files_are_counted(esc10, capsys):
    n_clips = len(read(esc10).clips)
    (esc10 / FOLDERS[0] / "1-9-A.wav").touch()
    (esc10 / "003 - notes").touch()
    assert len(read(esc10).clips) == n_clips
    line = capsys.readouterr().err.splitlines()[-1]
    first = FOLDERS[0]
    assert line.endswith(
        f"3 files that are not .ogg are left out: '{first}/1-9-A.wav', '{first}/notes.txt', '{FOLDERS[1]}/notes.txt'"
    )


def test_there_are_no_test_clips(esc10):
    with pytest.raises(DatasetError, match=r"expected splits out of \['curated'\], received \['test'\]"):
        read(esc10).of("test")


def test_no_data_shows_the_tree(tmp_path):
    text = message(tmp_path)
    assert text.startswith(f"no ESC-10 data at {tmp_path}. Expected:\n    {tmp_path}/\n")
    assert "001 - Dog bark" in text
    assert "meta/esc50.csv" in text


def test_wrong_names(esc10):
    (esc10 / FOLDERS[1] / "1-100-A.ogg").touch()
    assert "expected each file name once, received '1-100-A.ogg' again" in message(esc10)
    (esc10 / FOLDERS[0] / "bark.ogg").touch()
    assert "expected a name that begins with its fold" in message(esc10)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (",esc10", ",of_esc10", "expected the columns filename, fold, category, esc10"),
        ("dog,True", "dog,yes", "expected esc10 of True or False, received 'yes'"),
        ("1-7-A-0.wav", "../1-7-A-0.wav", "expected file names without a folder, received '../1-7-A-0.wav'"),
    ],
)
def test_wrong_table(esc50, old, new, expected):
    path = esc50 / "meta" / "esc50.csv"
    path.write_text(path.read_text().replace(old, new, 1))
    assert expected in message(esc50)
