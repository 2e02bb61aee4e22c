"""The reader of class folders: names of one's own, GTZAN with its lists, ESC-10 with its folds."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from preprocessing.clean import clean_dataset
from preprocessing.settings import CleaningSettings
from tagging.datasets import read_dataset
from tagging.datasets.settings import DatasetSettings, SplitSettings
from tagging.datasets.splits import folds, hold_out
from tagging.datasets.table import DatasetError

GENRES = ("blues", "jazz", "rock")


def fill(root, names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"RIFF")
    return root


@pytest.fixture
def gtzan(tmp_path):
    names = [f"genres/{genre}/{genre}.{i:05d}.au" for genre in GENRES for i in range(4)]
    return fill(tmp_path, [*names, "genres/._blues", "genres/bextract_single.mf", "features_30_sec.csv"])


@pytest.fixture
def own(tmp_path):
    audio = ["Dog/a.WAV", "Dog/b.mp3", "Dog/c.strange", "Big cat/a.flac"]
    others = ["Dog/notes.txt", "Dog/.hidden.wav", "Dog/README", "pictures/a.png", ".git/a.wav", "top.wav"]
    return fill(tmp_path, [*audio, *others])


def read(root, **settings):
    return read_dataset(DatasetSettings(layout="folders", root=str(root), **settings))


def message(root, **settings):
    with pytest.raises(DatasetError) as error:
        read(root, **settings)
    return str(error.value)


def lists_in(root, **lines):
    lists = {part: str(root / f"{part}_filtered.txt") for part in lines}
    for part, text in lines.items():
        (root / f"{part}_filtered.txt").write_text(text)
    return lists


def test_folders_name_the_classes_and_hold_the_clips(own):
    data = read(own)
    assert (data.classes, data.task, data.usage) == (("Big cat", "Dog"), "multiclass", {})
    assert list(data.clips.columns) == ["fname", "path", "labels", "split", "group"]
    assert list(data.clips["fname"]) == ["a.flac", "a.WAV", "b.mp3", "c.strange"]
    assert list(data.clips["labels"]) == [("Big cat",), ("Dog",), ("Dog",), ("Dog",)]
    assert set(data.clips["split"]) == {"train"}
    assert set(data.clips["group"]) == {""}
    assert all(path.is_file() for path in data.clips["path"])


def test_a_name_in_two_classes_gives_all_names_their_folder(own):
    fill(own, ["Big cat/b.mp3"])
    names = ["Big cat/a.flac", "Big cat/b.mp3", "Dog/a.WAV", "Dog/b.mp3", "Dog/c.strange"]
    assert list(read(own).clips["fname"]) == names
    assert list(read(own, exclude=["Dog/b.mp3"]).clips["fname"]) == [names[0], names[1], names[2], names[4]]


@pytest.mark.parametrize("level", ["genres", "genres_original", "."])
def test_gtzan_is_found_at_each_level(gtzan, level):
    (gtzan / "genres").rename(gtzan / "moved")
    fill(gtzan, ["images_original/blues/blues00000.png"])
    root = gtzan / "moved" if level == "." else gtzan
    if level != ".":
        (gtzan / "moved").rename(gtzan / level)
    data = read(root)
    assert data.classes == GENRES
    assert list(data.clips["fname"])[:2] == ["blues.00000.au", "blues.00001.au"]
    assert len(data.clips) == 12


def test_lists_give_the_parts_and_leave_out_what_they_do_not_name(gtzan):
    lists = lists_in(
        gtzan,
        train="blues/blues.00000.wav\njazz/jazz.00001.wav\n\nrock/rock.00003.wav\n",
        validation="blues/blues.00001.wav\n",
        test="jazz.00000.au\r\njazz/jazz.00003\n",
    )
    data = read(gtzan, lists=lists)
    assert list(data.clips["fname"].str[:-3]) == [
        "blues.00000",
        "blues.00001",
        "jazz.00000",
        "jazz.00001",
        "jazz.00003",
        "rock.00003",
    ]
    assert list(data.clips["split"]) == ["train", "train", "test", "train", "test", "train"]
    assert list(data.clips["validates"]) == [False, True, False, False, False, False]
    train = data.of("train")
    assert list(hold_out(train, data.targets(train), SplitSettings(), 0)) == [False, True, False, False]


def test_lists_without_validation_leave_the_hold_out_to_the_draw(gtzan):
    data = read(gtzan, lists=lists_in(gtzan, train="blues/blues.00000.wav\njazz/jazz.00001.wav"))
    assert "validates" not in data.clips
    assert data.classes == ("blues", "jazz")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ({"train": "blues/blues.00009.wav"}, "received for 'blues/blues.00009.wav' no such file"),
        ({"train": "../blues.wav"}, "received for '../blues.wav' no such file"),
        ({"train": "blues/blues.00000.wav\nblues.00000.au"}, "received 'blues.00000.au' again"),
        ({"train": "blues.00001.au", "test": "blues.00001.au"}, "one line of one list"),
        ({"train": "\n"}, "received an empty file"),
    ],
)
def test_wrong_lists(gtzan, lines, expected):
    assert expected in message(gtzan, lists=lists_in(gtzan, **lines))


def test_a_line_that_means_two_files(gtzan):
    fill(gtzan, ["genres/rock/blues.00000.au"])
    lists = lists_in(gtzan, train="blues.00000.wav")
    assert "one of 'blues/blues.00000.au', 'rock/blues.00000.au'" in message(gtzan, lists=lists)


def test_a_list_that_cannot_be_read(gtzan):
    assert "No such file" in message(gtzan, lists={"train": str(gtzan / "none.txt")})
    (gtzan / "bad.txt").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in message(gtzan, lists={"train": str(gtzan / "bad.txt")})


def test_groups_out_of_names_give_esc_its_folds(tmp_path):
    names = [
        f"{label}/{fold}-10{i}-A.ogg"
        for i, label in enumerate(("001 - Dog", "002 - Rain"))
        for fold in "1234"
    ]
    data = read(fill(tmp_path, names), group_pattern=r"^(\d)-")
    assert list(data.clips["group"]) == list("12341234")
    fold = folds(data.clips, data.targets(data.clips), 4, seed=0)
    assert np.bincount(fold).tolist() == [2, 2, 2, 2]
    assert "by dataset.group_pattern '^(9)'" in message(tmp_path, group_pattern="^(9)")
    assert "received none" in message(tmp_path, group_pattern=r"\d(x)?-")


def test_a_file_that_cannot_be_decoded_is_listed_and_not_fatal(tmp_path):
    tone = np.sin(np.arange(16000) / 5).astype(np.float32)
    for genre in GENRES[:2]:
        (tmp_path / "genres" / genre).mkdir(parents=True)
        wavfile.write(tmp_path / "genres" / genre / f"{genre}.00000.wav", 16000, tone)
    (tmp_path / "genres" / "jazz" / "jazz.00054.wav").write_bytes(b"not audio")
    fill(tmp_path, ["genres/blues/jazz.00054.wav"])  # the same name: clean files lie in folders, too
    manifest = clean_dataset(read(tmp_path).clips, tmp_path / "clean", CleaningSettings(), progress=False)
    assert dict(zip(manifest["fname"], manifest["status"], strict=True)) == {
        "blues/blues.00000.wav": "ok",
        "blues/jazz.00054.wav": "refused",
        "jazz/jazz.00000.wav": "ok",
        "jazz/jazz.00054.wav": "refused",
    }


@pytest.mark.parametrize("names", [[], ["a.wav"], ["Dog/a.wav"], ["Dog/a.wav", "Cat/a.txt"]])
def test_fewer_than_two_classes_show_the_tree(tmp_path, names):
    text = message(fill(tmp_path, names))
    is_one = "Dog/a.wav" in names
    found = "one class folder with audio (Dog)" if is_one else "no class folders with audio"
    start = f"{found} at {tmp_path}{', expected at least two' * is_one}; set dataset.root=PATH. Expected:"
    assert text.startswith(f"{start}\n    {tmp_path}/\n")


def test_a_root_that_is_not_there_is_named_with_the_folder_that_may_be_meant(tmp_path):
    (tmp_path / "sounds").mkdir()
    far, near = (message(tmp_path / name) for name in ("nowhere", "sound"))
    assert far.startswith(f"dataset.root={tmp_path}/nowhere: no such folder; no class folders")
    assert near.startswith(
        f"dataset.root={tmp_path}/sound: no such folder (did you mean {tmp_path}/sounds?); no class"
    )


def test_subfolders_belong_to_their_class(own, capsys):
    fill(own, ["Dog/more/d.wav", "Bird/site 1/e.wav", "Bird/site 1/notes.txt", "Bird/.hidden/f.wav"])
    data = read(own)
    assert data.classes == ("Big cat", "Bird", "Dog")
    labels = dict(zip(data.clips["fname"], data.clips["labels"], strict=True))
    assert (labels["d.wav"], labels["e.wav"], len(labels)) == (("Dog",), ("Bird",), 6)
    said = capsys.readouterr().err
    assert (
        "2 clips in subfolders have the class of the folder above: 'Bird/site 1/e.wav', 'Dog/more/d.wav'\n"
        in said
    )
    fill(own, ["Bird/site 2/e.wav"])
    names = list(read(own).clips["fname"])
    assert names[:3] == ["Big cat/a.flac", "Bird/site 1/e.wav", "Bird/site 2/e.wav"]


def test_what_is_no_clip_is_counted(own, capsys):
    read(own)
    assert capsys.readouterr().err.splitlines() == [
        f"{own}: 1 audio file in no class folder is left out: 'top.wav'",
        f"{own}: 3 files that are not audio by name are left out: 'Dog/README', 'Dog/notes.txt', 'pictures/a.png'",
        f"{own}: 1 folder without audio is not a class: 'pictures'",
    ]


def test_classes_one_level_deeper_than_expected_are_no_classes(tmp_path):
    text = message(fill(tmp_path, ["train/dog/1.wav", "train/cat/2.wav", "test/dog/3.wav"]))
    assert (
        ", but 3 files deeper ('test/dog/3.wav' and 2 more): set dataset.root to the folder of the class"
        in text
    )


def test_names_that_are_not_text_are_spelled(own):
    """Bytes of Latin-1, as zips from Windows give them, and the carriage return of macOS icons."""
    names = [os.fsdecode(b"caf\xe9.wav"), "Icon\r.wav", "a\\b.wav"]
    fill(own, [f"Dog/{name}" for name in names])
    clips = read(own, exclude=["Icon%0D.wav"]).clips.set_index("fname")
    assert clips["path"]["caf%E9.wav"] == own / "Dog" / names[0]
    assert "Icon%0D.wav" not in clips.index
    assert "a%5Cb.wav" in clips.index


def test_two_names_that_would_become_one_are_refused(own):
    assert "two files 'Dog/caf%E9.wav'" in message(
        fill(own, [os.fsdecode(b"Dog/caf\xe9.wav"), "Dog/caf%E9.wav"])
    )


def test_links_and_files_without_an_ending_are_clips(own, tmp_path_factory):
    disk = fill(tmp_path_factory.mktemp("disk"), ["d.wav"])
    (own / "Dog/disk").symlink_to(disk)
    (own / "Bird").symlink_to(fill(tmp_path_factory.mktemp("birds"), ["e.wav"]))
    (own / "Dog/up").symlink_to(own)
    (own / "Dog/gone.wav").symlink_to("nothing.wav")
    (own / "Dog/recording").write_bytes(b"RIFF\0\0\0\0WAVE")
    data = read(own)
    assert data.classes == ("Big cat", "Bird", "Dog")
    assert {"d.wav", "e.wav", "gone.wav", "recording"} < set(data.clips["fname"])
    assert len(data.clips) == 8


def test_the_command_of_the_page_makes_a_table_of_esc50(tmp_path):
    """ESC-50 has a table and no class folders: docs/folders.md sends its users to the layout csv."""
    page = (Path(__file__).parents[3] / "docs" / "folders.md").read_text()
    command = next(line.strip() for line in page.splitlines() if line.strip().startswith("awk "))
    fill(tmp_path, ["audio/1-100032-A-0.wav", "audio/5-9032-A-0.wav"])
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta" / "esc50.csv").write_text(
        "filename,fold,target,category,esc10,src_file,take\n"
        "1-100032-A-0.wav,1,0,dog,True,100032,A\n5-9032-A-0.wav,5,1,rain,True,9032,A\n"
    )
    subprocess.run(["sh", "-c", command.replace("PATH", str(tmp_path))], check=True)  # noqa: S603, S607
    data = read_dataset(DatasetSettings(layout="csv", root=str(tmp_path)))
    assert (data.classes, data.task, list(data.clips["group"])) == (("dog", "rain"), "multiclass", ["1", "5"])
    assert all(path.is_file() for path in data.clips["path"])
