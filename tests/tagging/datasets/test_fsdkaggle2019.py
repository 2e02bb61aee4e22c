"""The FSDKaggle2019 reader: what it returns, and one clear line for each way a data set can be wrong."""

import csv
import zipfile

import numpy as np
import pytest

from tagging.datasets import read_dataset
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import DatasetError

CLASSES = ["Bark", "Church_bell", "Rain"]
CURATED = [("a b.wav", "Rain"), ("c'é.wav", "Bark,Rain"), ("d.wav", "Church_bell")]
NOISY = [("n1.wav", "Bark"), ("n2.wav", "Rain,Bark")]
TEST = ["t2.wav", "t1.wav", "t3.wav"]
ANSWERS = [
    ("t1.wav", "Rain", "Public"),
    ("t3.wav", "Bark,Church_bell", "Private"),
    ("t2.wav", "Bark", "Private"),
]


def write_csv(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


@pytest.fixture
def root(tmp_path):
    for name, fnames in (
        ("train_curated", [row[0] for row in CURATED]),
        ("train_noisy", [row[0] for row in NOISY]),
        ("test", TEST),
    ):
        (tmp_path / name).mkdir()
        for fname in fnames:
            (tmp_path / name / fname).write_bytes(b"RIFF" + fname.encode())
    write_csv(tmp_path / "train_curated.csv", ["fname", "labels"], CURATED)
    write_csv(tmp_path / "train_noisy.csv", ["fname", "labels"], NOISY)
    write_csv(tmp_path / "sample_submission.csv", ["fname", *CLASSES], [(name, 0, 0, 0) for name in TEST])
    return tmp_path


def read(root, **settings):
    return read_dataset(DatasetSettings(root=str(root), **settings))


def message(root, **settings):
    with pytest.raises(DatasetError) as error:
        read(root, **settings)
    text = str(error.value)
    assert "\n" not in text
    return text


def test_table(root):
    data = read(root)
    assert data.classes == tuple(CLASSES)
    assert data.task == "multilabel"
    assert data.sample_submission == root / "sample_submission.csv"
    assert list(data.clips.columns) == ["fname", "path", "labels", "split", "group"]
    assert list(data.clips.index) == list(range(8))
    curated = data.of("curated")
    assert list(curated["fname"]) == [row[0] for row in CURATED]
    assert list(curated["labels"]) == [("Rain",), ("Bark", "Rain"), ("Church_bell",)]
    assert (curated["group"] == "").all()
    assert all(path.is_file() for path in data.clips["path"])
    np.testing.assert_array_equal(data.targets(curated), [[0, 0, 1], [1, 0, 1], [0, 1, 0]])


def test_test_clips_without_answers_are_in_the_sample_submissions_order(root):
    test = read(root).of("test")
    assert list(test["fname"]) == TEST
    assert list(test["labels"]) == [(), (), ()]
    assert read(root).usage == {}


def test_answers_in_another_order_meet_their_clips(root):
    rows = [(*row, "CC0", "123") for row in ANSWERS]
    write_csv(
        root / "test_post_competition.csv", ["fname", "labels", "usage", "license", "freesound_id"], rows
    )
    data = read(root)
    assert list(data.of("test")["labels"]) == [("Bark",), ("Rain",), ("Bark", "Church_bell")]
    assert data.usage == {"t2.wav": "Private", "t1.wav": "Public", "t3.wav": "Private"}


def test_answers_beyond_the_sample_submission_are_left_out_with_a_line(root, capsys):
    answers = [*ANSWERS, ("elsewhere.wav", "Rain", "Private")]
    write_csv(root / "test_post_competition.csv", ["fname", "labels", "usage"], answers)
    assert list(read(root).of("test")["fname"]) == TEST
    assert "1 answers for clips that are not in the sample submission" in capsys.readouterr().err


def test_known_bad_clips_leave_the_training_splits_alone(root):
    data = read(root, exclude=["d.wav", "n1.wav", "t1.wav"])
    assert list(data.clips["fname"]) == ["a b.wav", "c'é.wav", "n2.wav", *TEST]


def test_groups(root):
    rows = [("n2.wav", "7"), ("n1.wav", "7"), ("d.wav", "01"), ("c'é.wav", "8"), ("a b.wav", "NA")]
    write_csv(root / "groups.csv", ["fname", "group"], rows)
    assert list(read(root).clips["group"]) == ["NA", "8", "01", "7", "7", "", "", ""]
    write_csv(root / "groups.csv", ["fname", "group"], rows[1:])
    assert "received none for 'n2.wav'" in message(root)


def test_noisy_split_may_be_absent_as_a_whole(root):
    (root / "train_noisy.csv").unlink()
    with pytest.raises(DatasetError, match=r"train_noisy\.csv' missing"):
        read(root)
    for path in (root / "train_noisy").iterdir():
        path.unlink()
    (root / "train_noisy").rmdir()
    assert set(read(root).clips["split"]) == {"curated", "test"}


@pytest.mark.parametrize("missing", ["train_curated.csv", "sample_submission.csv", "test"])
def test_missing_part_shows_the_tree_and_the_source(root, missing):
    (root / missing).rename(root / "elsewhere")
    with pytest.raises(DatasetError) as error:
        read(root)
    text = str(error.value)
    assert text.startswith(f"no FSDKaggle2019 data at {root}: '{root / missing}' missing")
    assert "sample_submission.csv" in text
    assert "freesound-audio-tagging-2019" in text
    assert "zenodo.org/records/3612637" in text


def test_a_clip_without_audio_is_left_to_the_cleaning(root):
    (root / "train_curated" / "d.wav").unlink()
    assert "d.wav" in set(read(root).clips["fname"])


@pytest.mark.parametrize(
    "name", ["../a.wav", "/etc/passwd", "sub/a.wav", "..", "", "c:a.wav", "sub\\a.wav", "..\\a.wav"]
)
@pytest.mark.parametrize(
    "table", ["train_curated.csv", "sample_submission.csv", "test_post_competition.csv", "groups.csv"]
)
def test_a_name_that_leaves_its_folder(root, table, name):
    header = {"sample_submission.csv": ["fname", *CLASSES], "groups.csv": ["fname", "group"]}
    columns = header.get(table, ["fname", "labels", "usage"])
    write_csv(root / table, columns, [(name, *["Rain"] * (len(columns) - 1))])
    assert f"{table}: expected file names without a folder, received {name!r}" in message(root)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "fname,labels\nd.wav,Rain\nd.wav,Bark\n",
            "received 'd.wav' more than once",
        ),
        ("fname,labels\nd.wav,Rian\n", "received 'Rian' for 'd.wav'. Did you mean: 'Rain'?"),
        ("fname,labels\nd.wav,\n", "expected one label or more for 'd.wav', received an empty one"),
        ('fname,labels\nd.wav,"Rain,,Bark"\n', "expected one label or more for 'd.wav'"),
        ("fname,labels\nd.wav\n", "expected one label or more for 'd.wav'"),
        ("fname,label\nd.wav,Rain\n", "received fname, label; add labels"),
        ("fname,labels,labels\nd.wav,Rain,Bark\n", "expected each column once, received 'labels' again"),
        ("fname,labels\nd.wav,Rain,Bark\n", "Expected 2 fields in line 2, saw 3"),
        ("fname,labels\n", "header"),
        ("", "received an empty file"),
    ],
)
def test_wrong_training_table(root, text, expected):
    (root / "train_curated.csv").write_text(text)
    answer = message(root)
    assert answer.startswith(str(root / "train_curated.csv"))
    assert expected in answer


def test_table_that_is_no_utf8(root):
    (root / "train_curated.csv").write_bytes("fname,labels\né.wav,Rain\n".encode("latin-1"))
    assert "save it as UTF-8" in message(root)


def test_table_with_a_byte_order_mark(root):
    (root / "train_curated.csv").write_text("fname,labels\nd.wav,Rain\n", encoding="utf-8-sig")
    assert list(read(root).of("curated")["fname"]) == ["d.wav"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (ANSWERS[1:], "expected an answer for each test clip, received none for 't1.wav'"),
        (
            [*ANSWERS[1:], ("t1.wav", "Rain", "public")],
            "expected a usage of Public or Private, received 'public'",
        ),
        ([*ANSWERS[1:], ("t1.wav", "Raim", "Public")], "Did you mean: 'Rain'?"),
    ],
)
def test_wrong_answers(root, rows, expected):
    write_csv(root / "test_post_competition.csv", ["fname", "labels", "usage"], rows)
    assert expected in message(root)


def zip_up(root, name, members):
    for path in (root / name).iterdir():
        path.unlink()
    (root / name).rmdir()
    with zipfile.ZipFile(root / f"{name}.zip", "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)


@pytest.mark.parametrize("prefix", ["", "test/"])
def test_zips_next_to_the_tables_are_unpacked_once(root, capsys, prefix):
    members = {f"{prefix}{name}": name.encode() for name in TEST}
    zip_up(root, "test", {**members, f"{prefix}notes.txt": b"", "__MACOSX/._t1.wav": b"", "evil.sh": b""})
    for _ in range(2):
        assert [path.read_bytes() for path in read(root).of("test")["path"]] == [n.encode() for n in TEST]
    assert capsys.readouterr().err.count("unpacking 3 clips") == 1
    assert sorted(path.name for path in (root / "test").iterdir()) == sorted(TEST)


def test_a_zip_in_a_folder_that_cannot_be_written_is_unpacked_next_to_a_link_to_it(
    root, tmp_path, monkeypatch
):
    zip_up(root, "test", {name: name.encode() for name in TEST})
    with monkeypatch.context() as patch:
        patch.setattr(
            "tempfile.mkdtemp", lambda *_: (_ for _ in ()).throw(OSError(30, "Read-only file system"))
        )
        assert "(Read-only file system); make room there, or link" in message(root)
    links = tmp_path / "links"
    links.mkdir()
    for path in root.iterdir():
        if path != links:
            (links / path.name).symlink_to(path)
    assert [path.read_bytes() for path in read(links).of("test")["path"]] == [n.encode() for n in TEST]
    assert not (root / "test").exists()


@pytest.mark.parametrize("member", ["../evil.wav", "/evil.wav", "test/../../evil.wav", "a\\..\\evil.wav"])
def test_a_zip_that_leaves_its_folder(root, member):
    zip_up(root, "test", {"t1.wav": b"", member: b""})
    assert "expected members that stay in their folder" in message(root)
    assert not (root / "test").exists()
    assert not list(root.parent.glob("**/evil.wav"))


def test_a_broken_zip_leaves_nothing_behind(root):
    zip_up(root, "test", {name: np.random.default_rng(0).bytes(5000) for name in TEST})
    whole = (root / "test.zip").read_bytes()
    before = sorted(root.iterdir())
    for broken in (whole[: len(whole) // 2], whole[:3000] + b"oops" + whole[3004:], b"no zip"):
        (root / "test.zip").write_bytes(broken)
        assert "test.zip: expected a whole zip" in message(root)
        assert sorted(root.iterdir()) == before


def test_a_zip_without_audio(root):
    zip_up(root, "test", {"notes.txt": b""})
    assert "expected audio files at its top, received none" in message(root)


def test_zenodo_release(tmp_path):
    meta = tmp_path / "FSDKaggle2019.meta"
    meta.mkdir()
    for part, fname in (("train_curated", "d.wav"), ("train_noisy", "n1.wav"), ("test", "t1.wav")):
        (tmp_path / f"FSDKaggle2019.audio_{part}").mkdir()
        (tmp_path / f"FSDKaggle2019.audio_{part}" / fname).touch()
    write_csv(
        meta / "train_curated_post_competition.csv",
        ["fname", "labels", "freesound_id", "license"],
        [("d.wav", "Rain", 1, "CC0"), ("e.wav", "Church_bell,Bark", 2, "CC0")],
    )
    write_csv(meta / "train_noisy_post_competition.csv", ["fname", "labels"], NOISY[:1])
    write_csv(meta / "test_post_competition.csv", ["fname", "labels", "usage"], ANSWERS)
    data = read(tmp_path)
    assert data.classes == tuple(CLASSES)
    assert data.sample_submission is None
    assert list(data.of("test")["fname"]) == ["t1.wav", "t3.wav", "t2.wav"]
    assert data.of("noisy")["path"][0].is_file()
    write_csv(meta / "train_curated_post_competition.csv", ["fname", "labels"], [("d.wav", "Rain,")])
    assert "expected one label or more for 'd.wav', received an empty one" in message(tmp_path)


def test_unknown_layout_lists_the_known():
    with pytest.raises(DatasetError, match=r"one of .*demo, .*fsdkaggle2019, .*; received 'esc'"):
        read_dataset(DatasetSettings(layout="esc"))
