"""Names that look the same and are not: composed in the table, decomposed on disk, or the reverse."""

from unicodedata import normalize

import numpy as np
import pytest

from tagging.datasets import read_dataset
from tagging.datasets.settings import DatasetSettings, SplitSettings
from tagging.datasets.splits import hold_out
from tagging.datasets.table import DatasetError

NAME = "Übungen/é_1.wav"


def make(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def read(root, *names, **settings):
    rows = "".join(f"{name},{'ab'[number % 2]}\n" for number, name in enumerate(names))
    (root / "clips.csv").write_text(f"path,label\n{rows}", encoding="utf-8")
    return read_dataset(DatasetSettings(layout="csv", root=str(root), **settings)).clips


@pytest.mark.parametrize(("on_disk", "written"), [("NFD", "NFC"), ("NFC", "NFD"), ("NFC", "NFC")])
def test_a_file_is_found_in_another_form_of_its_name(tmp_path, on_disk, written):
    make(tmp_path, normalize(on_disk, NAME), "plain.wav")
    clips = read(tmp_path, normalize(written, NAME), "plain.wav")
    assert list(clips["path"]) == [tmp_path / normalize(on_disk, NAME), tmp_path / "plain.wav"]
    assert clips["fname"][0] == normalize(written, NAME)


def test_what_is_not_there_in_any_form_keeps_its_name(tmp_path):
    names = [NAME, "ö.wav", "plain.wav"]
    assert list(read(tmp_path, *names)["path"]) == [tmp_path / name for name in names]


def test_a_name_that_could_be_either_file_is_refused_and_the_exact_one_is_not(tmp_path):
    forms = ["\u1e69.wav", "s\u0323\u0307.wav", "\u1e63\u0307.wav"]
    make(tmp_path, *forms[:2], "b.wav")
    with pytest.raises(DatasetError, match="received 2 with names that look the same"):
        read(tmp_path, forms[2], "b.wav")
    assert read(tmp_path, forms[1], "b.wav")["path"][0] == tmp_path / forms[1]


def test_lists_of_folders_find_their_files(tmp_path):
    files = [normalize("NFD", "a/Übung.wav"), "b/1.wav"]
    make(tmp_path, *files)
    (tmp_path / "train.txt").write_text("Übung.wav\nb/1.wav\n", encoding="utf-8")
    settings = DatasetSettings(
        layout="folders", root=str(tmp_path), lists={"train": str(tmp_path / "train.txt")}
    )
    assert list(read_dataset(settings).clips["path"]) == [tmp_path / name for name in files]


def test_excluded_clips_and_split_files_are_told_in_either_form(tmp_path):
    names = [normalize("NFD", NAME), "1.wav", "2.wav"]
    (tmp_path / "split.csv").write_text(
        f"fname,part\n{NAME},validation\n1.wav,train\n2.wav,train\n", encoding="utf-8"
    )
    clips = read(tmp_path, *names)
    is_held = hold_out(clips, np.ones((3, 1)), SplitSettings(file=str(tmp_path / "split.csv")), seed=0)
    assert list(is_held) == [True, False, False]
    assert list(read(tmp_path, *names, exclude=[NAME])["fname"]) == ["1.wav", "2.wav"]
